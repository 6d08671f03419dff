//! The rules one by one.

use super::*;

fn id(name: &str) -> Id {
    Id::unique(name)
}

fn map(rows: &[(&str, &[&str])]) -> FocusMap {
    rows.iter().fold(FocusMap::default(), |map, (row, items)| map.row(id(row), items.iter().map(|i| id(i))))
}

fn home() -> FocusMap {
    map(&[("nav", &["home", "profile"]), ("hero", &["play", "info"]), ("empty", &[]), ("row", &["a", "b", "c"])])
        .starting_at(id("play"))
}

#[test]
fn a_screen_starts_at_its_initial_item() {
    let mut focus = Focus::default();
    focus.begin(id("screen"), home());
    assert_eq!(focus.current(), Some(id("play")));
    assert!(!focus.has_ring(id("play")), "no ring before the first key");
}

#[test]
fn rows_remember_their_item_and_empty_rows_are_skipped() {
    let mut focus = Focus::default();
    focus.begin(id("screen"), home());
    assert!(focus.step(Step::Down));
    assert!(focus.step(Step::Right));
    assert_eq!(focus.current(), Some(id("b")));
    focus.step(Step::Up);
    assert_eq!(focus.current(), Some(id("play")));
    focus.step(Step::Down);
    assert_eq!(focus.current(), Some(id("b")));
    assert!(!focus.step(Step::Down), "nothing below");
    assert_eq!(focus.current(), Some(id("b")));
}

#[test]
fn a_reload_keeps_the_item_and_not_the_place() {
    let mut focus = Focus::default();
    focus.begin(id("screen"), home());
    focus.take(id("b"));
    focus.begin(id("screen"), map(&[("hero", &["play"]), ("row", &["x", "y", "a", "b"])]));
    assert_eq!(focus.current(), Some(id("b")));
    focus.begin(id("screen"), map(&[("hero", &["play"]), ("row", &["x", "y"])]));
    assert_eq!(focus.current(), Some(id("y")), "the nearest neighbour takes over");
}

#[test]
fn coming_back_to_a_screen_finds_the_same_item() {
    let mut focus = Focus::default();
    focus.begin(id("home"), home());
    focus.take(id("c"));
    focus.begin(id("title"), map(&[("actions", &["resume"])]));
    assert_eq!(focus.current(), Some(id("resume")));
    focus.begin(id("home"), home());
    assert_eq!(focus.current(), Some(id("c")));
}

#[test]
fn nearest_rows_are_entered_below_where_the_focus_comes_from() {
    let mut focus = Focus::default();
    let grid = || {
        FocusMap::default().nearest_row(id("top"), [id("t0"), id("t1")]).nearest_row(id("bottom"), [id("b0"), id("b1")])
    };
    focus.begin(id("grid"), grid());
    for (item, x) in [("t0", 0.0), ("t1", 100.0), ("b0", 5.0), ("b1", 90.0)] {
        focus.note_rect(id(item), Rect::from_center_size(egui::pos2(x, 0.0), egui::vec2(10.0, 10.0)));
    }
    focus.step(Step::Right);
    focus.step(Step::Down);
    assert_eq!(focus.current(), Some(id("b1")));
}

#[test]
fn tab_goes_through_everything_and_around() {
    let mut focus = Focus::default();
    focus.begin(id("screen"), home());
    focus.take(id("c"));
    focus.step(Step::Next);
    assert_eq!(focus.current(), Some(id("home")));
    focus.step(Step::Previous);
    assert_eq!(focus.current(), Some(id("c")));
}

#[test]
fn content_that_is_on_its_way_does_not_lose_the_focus() {
    let mut focus = Focus::default();
    focus.begin(id("screen"), home());
    focus.take(id("b"));
    focus.begin(id("screen"), FocusMap::default());
    assert_eq!(focus.current(), Some(id("b")));
    focus.begin(id("screen"), home());
    assert_eq!(focus.current(), Some(id("b")));
}

#[test]
fn a_lost_item_is_inherited_by_what_moved_up_then_by_what_was_before_it() {
    let mut focus = Focus::default();
    focus.begin(id("screen"), map(&[("row", &["a", "b", "c", "d"])]));
    focus.take(id("b"));
    focus.begin(id("screen"), map(&[("row", &["new", "newer", "a", "c", "d"])]));
    assert_eq!(focus.current(), Some(id("c")));
    focus.begin(id("screen"), map(&[("row", &["a"])]));
    assert_eq!(focus.current(), Some(id("a")));
}

#[test]
fn a_lost_group_is_inherited_by_the_one_below() {
    let mut focus = Focus::default();
    focus.begin(id("screen"), home());
    focus.take(id("info"));
    focus.begin(id("screen"), map(&[("nav", &["home", "profile"]), ("row", &["a", "b"])]));
    assert_eq!(focus.current(), Some(id("a")));
}

#[test]
fn coming_back_after_the_item_has_gone_finds_its_neighbour() {
    let mut focus = Focus::default();
    focus.begin(id("home"), home());
    focus.take(id("b"));
    focus.begin(id("title"), map(&[("actions", &["resume"])]));
    focus.begin(id("home"), map(&[("nav", &["home"]), ("row", &["a", "c"])]));
    assert_eq!(focus.current(), Some(id("c")));
}

#[test]
fn a_dialog_keeps_the_focus_and_gives_it_back() {
    let mut focus = Focus::default();
    focus.begin(id("screen"), home());
    focus.take(id("b"));
    let open = || home().column([id("yes"), id("no")]);
    focus.begin(id("screen+dialog"), open());
    assert_eq!(focus.current(), Some(id("yes")));
    for (step, to) in
        [(Step::Up, "yes"), (Step::Left, "yes"), (Step::Right, "yes"), (Step::Down, "no"), (Step::Down, "no")]
    {
        focus.step(step);
        assert_eq!(focus.current(), Some(id(to)), "{step:?}");
    }
    focus.step(Step::Next);
    assert_eq!(focus.current(), Some(id("yes")), "Tab goes around within");
    assert!(!focus.contains(id("b")));
    focus.take(id("b"));
    assert_eq!(focus.current(), Some(id("yes")), "what is covered cannot be taken");
    assert!(!focus.climb(), "Back closes the dialog");
    focus.begin(id("screen"), home());
    assert_eq!(focus.current(), Some(id("b")));
}

#[test]
fn back_climbs_to_the_start_of_the_row_then_to_the_navigation() {
    let mut focus = Focus::default();
    let home =
        || FocusMap::default().nav(id("nav"), [id("home"), id("profile")]).row(id("row"), [id("a"), id("b"), id("c")]);
    focus.begin(id("screen"), home());
    focus.take(id("c"));
    for to in ["a", "home"] {
        assert!(focus.climb());
        assert_eq!(focus.current(), Some(id(to)));
    }
    assert!(!focus.climb(), "here the application is left");
    focus.take(id("profile"));
    assert!(!focus.climb());
}

#[test]
fn a_skeleton_holds_the_focus_until_the_content_comes() {
    let mut focus = Focus::default();
    let nav = || FocusMap::default().nav(id("nav"), [id("home")]);
    focus.begin(id("screen"), nav().skeleton(id("waiting"), id("slot")));
    assert_eq!(focus.current(), Some(id("slot")));
    focus.begin(id("screen"), nav().row(id("hero"), [id("play"), id("info")]).starting_at(id("play")));
    assert_eq!(focus.current(), Some(id("play")));
    // Who went elsewhere meanwhile stays there.
    let mut focus = Focus::default();
    focus.begin(id("screen"), nav().skeleton(id("waiting"), id("slot")));
    focus.step(Step::Up);
    focus.begin(id("screen"), nav().row(id("hero"), [id("play")]).starting_at(id("play")));
    assert_eq!(focus.current(), Some(id("home")));
}

fn draw(focus: &mut Focus, items: &[(&str, f32, f32, f32)]) {
    for (item, x, y, width) in items {
        focus.note_rect(id(item), Rect::from_min_size(egui::pos2(*x, *y), egui::vec2(*width, 10.0)));
    }
}

#[test]
fn an_unvisited_row_is_entered_in_the_visual_column() {
    let mut focus = Focus::default();
    let two = || map(&[("top", &["t0", "t1", "t2"]), ("low", &["l0", "l1", "l2"])]);
    focus.begin(id("screen"), two());
    // The upper row has slid by one card.
    draw(&mut focus, &[("t0", -20.0, 0.0, 18.0), ("t1", 0.0, 0.0, 18.0), ("t2", 20.0, 0.0, 18.0)]);
    draw(&mut focus, &[("l0", 0.0, 20.0, 18.0), ("l1", 20.0, 20.0, 18.0), ("l2", 40.0, 20.0, 18.0)]);
    focus.take(id("t2"));
    focus.step(Step::Down);
    assert_eq!(focus.current(), Some(id("l1")));
}

#[test]
fn a_keyboard_is_walked_by_what_the_keys_face() {
    let mut focus = Focus::default();
    let keys = || {
        let lines = [vec![id("a"), id("b"), id("c"), id("d")], vec![id("space"), id("erase")]];
        FocusMap::default().keyboard(id("keys"), lines)
    };
    focus.begin(id("screen"), keys());
    draw(&mut focus, &[("a", 0.0, 0.0, 10.0), ("b", 10.0, 0.0, 10.0), ("c", 20.0, 0.0, 10.0), ("d", 30.0, 0.0, 10.0)]);
    draw(&mut focus, &[("space", 0.0, 12.0, 28.0), ("erase", 30.0, 12.0, 10.0)]);
    for (from, step, to) in [("c", Step::Down, "space"), ("d", Step::Down, "erase"), ("erase", Step::Up, "d")] {
        focus.take(id(from));
        focus.step(step);
        assert_eq!(focus.current(), Some(id(to)), "{from} {step:?}");
    }
    focus.take(id("erase"));
    assert!(!focus.step(Step::Right));
}

#[test]
fn a_grid_reaches_lines_that_are_not_drawn_yet() {
    let mut focus = Focus::default();
    let items: Vec<Id> = (0..8).map(|i| Id::unique(("cell", i))).collect();
    focus.begin(id("screen"), FocusMap::default().grid(id("grid"), 3, items.clone()));
    focus.take(items[2]);
    focus.step(Step::Down);
    assert_eq!(focus.current(), Some(items[5]));
    focus.step(Step::Down);
    assert_eq!(focus.current(), Some(items[7]), "the last line is shorter");
    assert!(!focus.step(Step::Right), "and is not left upwards");
}

#[test]
fn panes_are_crossed_sideways_and_their_bands_left_up_and_down() {
    let mut focus = Focus::default();
    let screen = || {
        let keys = FocusMap::default().keyboard(id("keys"), [vec![id("a"), id("b")], vec![id("c"), id("d")]]);
        let found =
            FocusMap::default().row(id("chips"), [id("tide"), id("sea")]).grid(id("found"), 2, [id("x"), id("y")]);
        FocusMap::default().nav(id("nav"), [id("home")]).beside([keys, found]).row(id("foot"), [id("help")])
    };
    focus.begin(id("screen"), screen());
    draw(&mut focus, &[("home", 0.0, 0.0, 20.0), ("help", 60.0, 90.0, 20.0)]);
    draw(
        &mut focus,
        &[("a", 0.0, 20.0, 10.0), ("b", 10.0, 20.0, 10.0), ("c", 0.0, 40.0, 10.0), ("d", 10.0, 40.0, 10.0)],
    );
    draw(
        &mut focus,
        &[("tide", 50.0, 20.0, 10.0), ("sea", 60.0, 20.0, 10.0), ("x", 50.0, 40.0, 10.0), ("y", 60.0, 40.0, 10.0)],
    );
    for (from, step, to) in [
        ("b", Step::Right, "tide"),
        ("d", Step::Right, "x"),
        ("tide", Step::Down, "x"),
        ("x", Step::Left, "d"),
        ("y", Step::Down, "help"),
        ("help", Step::Up, "y"),
        ("a", Step::Up, "home"),
        ("home", Step::Down, "a"),
    ] {
        focus.take(id(from));
        focus.step(step);
        assert_eq!(focus.current(), Some(id(to)), "{from} {step:?}");
    }
}

#[test]
fn what_is_remembered_has_an_end() {
    let mut focus = Focus::default();
    for screen in 0..200 {
        focus.begin(Id::unique(("screen", screen)), map(&[("row", &["a", "b"])]));
    }
    assert!(focus.left.len() <= SCREENS, "{}", focus.left.len());
    for item in 0..5000 {
        focus.note_rect(Id::unique(("item", item)), Rect::ZERO);
    }
    focus.begin(id("last"), map(&[("row", &["a", "b"])]));
    assert!(focus.rects.is_empty(), "{}", focus.rects.len());
}
