//! The page that the browser shows when it comes back to us.

use std::fmt::Write as _;

/// How the sign-in ended, for the person in front of the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    SignedIn,
    /// The service or the viewer said no.
    Refused,
    /// The redirect does not belong to this sign-in.
    Foreign,
    /// The code could not be exchanged, or the app has stopped waiting.
    Failed,
}

impl Page {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::SignedIn => ("You are signed in", "You can close this tab and go back to Lumen."),
            Self::Refused => ("You are not signed in", "Nothing has changed. You can try again from Lumen."),
            Self::Foreign => {
                ("This link is not for this sign-in", "It is old or was made by another page. Nothing was accepted.")
            }
            Self::Failed => ("That did not work", "Go back to Lumen, it says what happened and how to try again."),
        }
    }

    /// A complete document with nothing to load from anywhere.
    pub(crate) fn html(self) -> String {
        let (heading, text) = self.words();
        let (colour, mark) = match self {
            Self::SignedIn => ("#6FDC9A", "M15 33.5 27.5 46 50 20"),
            _ => ("#F5C04E", "M32 17v20M32 46v1"),
        };
        let mut page = String::with_capacity(2048);
        let _ = write!(
            page,
            r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{heading} – Lumen</title>
<style>
  html {{ color-scheme: dark; }}
  body {{
    margin: 0; min-height: 100vh; display: grid; place-items: center; color: #F4F6FA; background: #0B0D12;
    background-image: radial-gradient(60rem 36rem at 50% -12rem, rgb(255 107 74 / .22), transparent 70%);
    font: 400 1rem/1.5 Inter, system-ui, "Segoe UI", Roboto, sans-serif;
  }}
  main {{ padding: 2rem; max-width: 26rem; text-align: center; }}
  svg {{ width: 4.5rem; height: 4.5rem; }}
  circle {{ fill: none; stroke: {colour}; stroke-opacity: .25; stroke-width: 3; }}
  path {{ fill: none; stroke: {colour}; stroke-width: 4.5; stroke-linecap: round; stroke-linejoin: round; }}
  .mark {{ stroke-dasharray: 60; animation: draw .5s .15s cubic-bezier(.2, .8, .2, 1) both; }}
  h1 {{ margin: 1.25rem 0 .5rem; font-size: 1.75rem; line-height: 1.2; letter-spacing: -.01em; }}
  p {{ margin: 0; color: #B4BCCA; }}
  small {{ display: block; margin-top: 2.5rem; color: #7C8698; letter-spacing: .32em; text-transform: uppercase; }}
  @keyframes draw {{ from {{ stroke-dashoffset: 60; }} to {{ stroke-dashoffset: 0; }} }}
  @media (prefers-reduced-motion: reduce) {{ .mark {{ animation: none; }} }}
</style>
</head>
<body>
<main>
  <svg viewBox="0 0 64 64" aria-hidden="true"><circle cx="32" cy="32" r="29"/><path class="mark" d="{mark}"/></svg>
  <h1>{heading}</h1>
  <p>{text}</p>
  <small>Lumen</small>
</main>
</body>
</html>
"##
        );
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_complete_and_load_nothing() {
        for page in [Page::SignedIn, Page::Refused, Page::Foreign, Page::Failed] {
            let html = page.html();
            assert!(html.starts_with("<!doctype html>") && html.trim_end().ends_with("</html>"));
            for loader in ["http:", "https:", "src=", "href=", "url(", "<script"] {
                assert!(!html.contains(loader), "{page:?} contains {loader}");
            }
        }
    }
}
