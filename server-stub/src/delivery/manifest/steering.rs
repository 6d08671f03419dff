//! Which network of content delivery a client shall take: one answer in two dialects.

use crate::delivery::CdnConfig;
use serde::Serialize;
use std::{
    collections::BTreeSet,
    sync::{PoisonError, RwLock},
};
use url::form_urlencoded;

/// The networks, and which of them are taken out of service at the moment.
#[derive(Debug)]
pub(crate) struct Pathways {
    list: Vec<CdnConfig>,
    down: RwLock<BTreeSet<String>>,
}

/// Whose words the answer uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Hls,
    Dash,
}

/// The steering manifest; exactly one of the two priorities is there.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) struct Manifest {
    version: u32,
    ttl: u32,
    #[serde(rename = "RELOAD-URI")]
    reload_uri: &'static str,
    #[serde(rename = "PATHWAY-PRIORITY", skip_serializing_if = "Option::is_none")]
    pathway_priority: Option<Vec<String>>,
    #[serde(rename = "SERVICE-LOCATION-PRIORITY", skip_serializing_if = "Option::is_none")]
    service_location_priority: Option<Vec<String>>,
    #[serde(rename = "PATHWAY-CLONES", skip_serializing_if = "Vec::is_empty")]
    clones: Vec<Clone_>,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
struct Clone_ {
    #[serde(rename = "BASE-ID")]
    base_id: String,
    id: String,
    #[serde(rename = "URI-REPLACEMENT")]
    uri_replacement: Replacement,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
struct Replacement {
    host: String,
}

impl Pathways {
    pub(crate) fn new(list: Vec<CdnConfig>) -> Self {
        Self { list, down: RwLock::default() }
    }

    pub(crate) fn is_in_use(&self) -> bool {
        !self.list.is_empty()
    }

    /// All of them, with whether they are in service.
    pub(crate) fn states(&self) -> Vec<(String, bool)> {
        let down = self.down.read().unwrap_or_else(PoisonError::into_inner);
        self.list.iter().map(|cdn| (cdn.name.clone(), !down.contains(&cdn.name))).collect()
    }

    /// Is there one of this name?
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.list.iter().any(|cdn| cdn.name == name)
    }

    /// These are out of service, and no others. Clients notice within the time that the last answer holds.
    pub(crate) fn set_down(&self, down: BTreeSet<String>) {
        *self.down.write().unwrap_or_else(PoisonError::into_inner) = down;
    }

    /// Name and beginning of addresses of those that manifests name: best first, what is down last.
    pub(super) fn of_manifests(&self) -> Vec<(String, String)> {
        let order = self.order(None);
        let of = |name: String| {
            let cdn = self.list.iter().find(|cdn| cdn.name == name && cdn.clone_of.is_none())?;
            Some((name, cdn.base.as_str().to_owned()))
        };
        order.into_iter().filter_map(of).collect()
    }

    /// What a client shall do that reports where it is and how fast that was. `least` is what the most modest variant
    /// takes: a pathway that cannot carry even that is tried last.
    pub(super) fn steer(&self, dialect: Dialect, query: Option<&str>, least: u64, ttl: u32) -> Manifest {
        let report = query.unwrap_or_default().as_bytes();
        let value = |names: [&str; 2]| {
            form_urlencoded::parse(report)
                .find(|(name, _)| names.contains(&name.as_ref()))
                .map(|(_, value)| value.into_owned())
        };
        let pathway = value(["_HLS_pathway", "_DASH_pathway"]);
        let throughput =
            value(["_HLS_throughput", "_DASH_throughput"]).and_then(|text| text.trim_matches('"').parse::<u64>().ok());
        let slow = pathway.filter(|_| throughput.is_some_and(|throughput| throughput < least));
        let order = self.order(slow.as_deref().map(|name| name.trim_matches('"')));
        let (hls, dash) = if dialect == Dialect::Hls { (Some(order), None) } else { (None, Some(order)) };
        let reload_uri = if dialect == Dialect::Hls { "steering.hls.json" } else { "steering.dash.json" };
        let clones = self.list.iter().filter_map(|cdn| {
            let host = cdn.base.host_str()?;
            let host = cdn.base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
            let base_id = cdn.clone_of.clone()?;
            Some(Clone_ { base_id, id: cdn.name.clone(), uri_replacement: Replacement { host } })
        });
        Manifest {
            version: 1,
            ttl,
            reload_uri,
            pathway_priority: hls,
            service_location_priority: dash,
            clones: clones.collect(),
        }
    }

    /// In the configured order, those out of service behind the others, the slow one of this client behind these.
    fn order(&self, slow: Option<&str>) -> Vec<String> {
        let down = self.down.read().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<&CdnConfig> = self.list.iter().collect();
        names.sort_by_key(|cdn| if down.contains(&cdn.name) { 2 } else { u8::from(slow == Some(&cdn.name)) });
        names.into_iter().map(|cdn| cdn.name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pathways() -> Pathways {
        let cdn = |name: &str, clone_of: Option<&str>| CdnConfig {
            name: name.into(),
            base: format!("https://{name}.example:8443").parse().unwrap(),
            clone_of: clone_of.map(str::to_owned),
        };
        Pathways::new(vec![cdn("a", None), cdn("b", None), cdn("c", Some("a"))])
    }

    #[test]
    fn both_dialects_say_the_same() {
        let hls = serde_json::to_value(pathways().steer(Dialect::Hls, None, 0, 300)).unwrap();
        assert_eq!(
            hls,
            serde_json::json!({
                "VERSION": 1, "TTL": 300, "RELOAD-URI": "steering.hls.json", "PATHWAY-PRIORITY": ["a", "b", "c"],
                "PATHWAY-CLONES": [{ "BASE-ID": "a", "ID": "c", "URI-REPLACEMENT": { "HOST": "c.example:8443" } }],
            })
        );
        let dash = serde_json::to_value(pathways().steer(Dialect::Dash, None, 0, 300)).unwrap();
        assert_eq!(dash["SERVICE-LOCATION-PRIORITY"], serde_json::json!(["a", "b", "c"]));
        assert!(dash.get("PATHWAY-PRIORITY").is_none());
    }

    #[test]
    fn slow_and_dead_pathways_are_tried_last() {
        let pathways = pathways();
        let order = |query| pathways.steer(Dialect::Hls, Some(query), 1_000, 1).pathway_priority.unwrap();
        assert_eq!(order("_HLS_pathway=a&_HLS_throughput=999"), ["b", "c", "a"]);
        assert_eq!(order("_HLS_pathway=a&_HLS_throughput=1000"), ["a", "b", "c"]);
        assert_eq!(order("_HLS_pathway=%22a%22&_HLS_throughput=x"), ["a", "b", "c"]);
        assert!(pathways.knows("a") && !pathways.knows("x"));
        pathways.set_down(["a".to_owned(), "x".to_owned()].into());
        assert_eq!(order(""), ["b", "c", "a"]);
        assert_eq!(pathways.of_manifests()[0].0, "b");
        pathways.set_down(BTreeSet::new());
        assert_eq!(order(""), ["a", "b", "c"]);
    }
}
