//! The portals of the desktop: the dialog for files, how things should look, and the proxy.
//!
//! <https://flatpak.github.io/xdg-desktop-portal/docs/>

use super::{Buses, within};
use crate::{
    desktop::{appearance::Appearance, host::Tell, model::DesktopMsg},
    language::tr,
};
use futures_util::StreamExt;
use std::collections::HashMap;
use url::Url;
use zbus::{
    Connection, Proxy, proxy,
    zvariant::{OwnedObjectPath, OwnedValue, Value},
};

pub(super) const NAME: &str = "org.freedesktop.portal.Desktop";
const PATH: &str = "/org/freedesktop/portal/desktop";
const SETTINGS: &str = "org.freedesktop.portal.Settings";
/// Longest answers that are believed.
const MAX_ADDRESSES: usize = 16;

/// One of the portals; does not ask for anything yet.
pub(super) async fn proxy(session: &Connection, interface: &'static str) -> zbus::Result<Proxy<'static>> {
    proxy::Builder::new(session)
        .destination(NAME)?
        .path(PATH)?
        .interface(interface)?
        .cache_properties(proxy::CacheProperties::No)
        .build()
        .await
}

/// Lets the viewer choose a file. `None` if they chose none.
///
/// # Errors
/// If there is no such dialog here.
pub(crate) async fn choose_file(buses: &Buses) -> zbus::Result<Option<Url>> {
    let session = buses.session().await?;
    let chooser = proxy(&session, "org.freedesktop.portal.FileChooser").await?;
    let token = format!("lumen{}", uuid::Uuid::new_v4().simple());
    // The answer may come before the reply to the question: it is waited for first, at the path where it will be.
    let name = session.unique_name().map(|name| name.trim_start_matches(':').replace('.', "_")).unwrap_or_default();
    let expected = OwnedObjectPath::try_from(format!("{PATH}/request/{name}/{token}"))?;
    let request = Proxy::new(&session, NAME, &expected, "org.freedesktop.portal.Request").await?;
    let mut answers = within(request.receive_signal("Response")).await?;

    // Kind 1 is a MIME type, kind 0 a pattern of names.
    let media = crate::desktop::MIME_TYPES.iter().map(|kind| (1u32, *kind));
    let films = (tr!("dialog-films"), media.chain([(0, "*.m3u8"), (0, "*.mpd")]).collect::<Vec<_>>());
    let filters = vec![films, (tr!("dialog-all-files"), vec![(0, "*")])];
    let options = HashMap::from([
        ("handle_token", Value::from(token)),
        ("accept_label", Value::from(tr!("play"))),
        ("filters", Value::from(filters)),
    ]);
    let _: OwnedObjectPath = within(chooser.call("OpenFile", &("", tr!("dialog-open"), options))).await?;
    // For as long as the viewer looks around.
    let answer = answers.next().await.ok_or_else(|| zbus::Error::Failure("the dialog went away".to_owned()))?;
    let (code, results): (u32, HashMap<String, OwnedValue>) = answer.body().deserialize()?;
    match code {
        0 => {
            let chosen = results.get("uris").and_then(|uris| Vec::<String>::try_from(uris.clone()).ok());
            Ok(chosen.unwrap_or_default().first().and_then(|uri| uri.parse().ok()))
        }
        1 => Ok(None),
        _ => Err(zbus::Error::Failure("the dialog failed".to_owned())),
    }
}

/// Tells how things should look, now and whenever that changes.
pub(crate) async fn follow_appearance(buses: Buses, tell: Tell) {
    if let Err(error) = try_follow(&buses, &tell).await {
        tracing::debug!(%error, "the desktop does not say how things should look");
    }
}

async fn try_follow(buses: &Buses, tell: &Tell) -> zbus::Result<()> {
    let session = buses.session().await?;
    let settings = proxy(&session, SETTINGS).await?;
    let mut changes = within(settings.receive_signal("SettingChanged")).await?;
    let mut shown = Appearance::default();
    loop {
        let mut told = Appearance::default();
        for (namespace, key) in Appearance::KEYS {
            // Desktops have some of them.
            if let Ok(value) = within(read(&settings, namespace, key)).await {
                told.learn(namespace, key, number(&value));
            }
        }
        if told != shown {
            shown = told;
            tell(DesktopMsg::Appearance(told).into());
        }
        // What changed is read anew with the rest: it is little, and rare.
        if changes.next().await.is_none() {
            return Ok(());
        }
    }
}

/// `Read` is the older of two calls, and everywhere; it wraps its answer twice.
async fn read(settings: &Proxy<'_>, namespace: &str, key: &str) -> zbus::Result<OwnedValue> {
    settings.call("Read", &(namespace, key)).await
}

fn number(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Value(inner) => number(inner),
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::U8(number) => Some(f64::from(*number)),
        Value::I32(number) => Some(f64::from(*number)),
        Value::U32(number) => Some(f64::from(*number)),
        Value::F64(number) => Some(*number),
        _ => None,
    }
}

/// The proxy that the desktop has for an address; `None` for none.
///
/// # Errors
/// If the desktop does not say.
pub(crate) async fn proxy_for(buses: &Buses, url: &Url) -> zbus::Result<Option<Url>> {
    let session = buses.session().await?;
    let resolver = proxy(&session, "org.freedesktop.portal.ProxyResolver").await?;
    let found: Vec<String> = within(resolver.call("Lookup", &(url.as_str(),))).await?;
    let usable = |url: &Url| matches!(url.scheme(), "http" | "https");
    Ok(found
        .iter()
        .take(MAX_ADDRESSES)
        .take_while(|text| *text != "direct://")
        .find_map(|text| text.parse().ok().filter(usable)))
}
