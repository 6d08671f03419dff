//! Scrims: gradients that make text readable over any picture.
//!
//! Twelve steps of a smoothstep, as coloured quads. A straight two-stop gradient shows where it begins and ends.

use egui::{Color32, Mesh, Painter, Pos2, Rect, Shape, pos2};

const STEPS: u32 = 12;

/// Which edge of the rectangle is opaque.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opaque {
    Left,
    Right,
    Top,
    Bottom,
}

/// Paints a scrim of `colour` at `strength` (0 to 1) that fades towards the opposite edge.
pub(crate) fn scrim(painter: &Painter, rect: Rect, opaque: Opaque, colour: Color32, strength: f32) {
    if !rect.is_positive() || strength <= 0.0 {
        return;
    }
    let mut mesh = Mesh::default();
    for step in 0..=STEPS {
        let t = step as f32 / STEPS as f32;
        let alpha = strength * (1.0 - t * t * (3.0 - 2.0 * t));
        let (a, b) = edge(rect, opaque, t);
        let shade = colour.gamma_multiply(alpha);
        mesh.colored_vertex(a, shade);
        mesh.colored_vertex(b, shade);
        if step > 0 {
            let base = 2 * (step - 1);
            mesh.add_triangle(base, base + 1, base + 2);
            mesh.add_triangle(base + 2, base + 1, base + 3);
        }
    }
    painter.add(Shape::mesh(mesh));
}

fn edge(rect: Rect, opaque: Opaque, t: f32) -> (Pos2, Pos2) {
    let lerp = |a: f32, b: f32| a + (b - a) * t;
    match opaque {
        Opaque::Left | Opaque::Right => {
            let x = match opaque {
                Opaque::Left => lerp(rect.left(), rect.right()),
                _ => lerp(rect.right(), rect.left()),
            };
            (pos2(x, rect.top()), pos2(x, rect.bottom()))
        }
        Opaque::Top | Opaque::Bottom => {
            let y = match opaque {
                Opaque::Top => lerp(rect.top(), rect.bottom()),
                _ => lerp(rect.bottom(), rect.top()),
            };
            (pos2(rect.left(), y), pos2(rect.right(), y))
        }
    }
}
