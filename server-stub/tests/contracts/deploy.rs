//! The files of `deploy/` say what the program understands and what Kubernetes accepts.

use crate::common::backends::installed;
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

fn deploy(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(name)
}

/// The documents of a YAML file, by an independent reader.
fn documents(name: &str) -> Vec<Value> {
    let program = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))";
    let output = Command::new(installed().join("python")).args(["-c", program]).arg(deploy(name)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn help() -> String {
    let program = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_lumen-server")).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    program(&["--help"]) + &program(&["serve", "--help"])
}

fn check_arguments(help: &str, arguments: &Value) {
    let arguments: Vec<&str> =
        arguments.as_array().unwrap().iter().map(|argument| argument.as_str().unwrap()).collect();
    assert_eq!(arguments[0], "serve");
    for option in arguments.iter().filter(|argument| argument.starts_with("--")) {
        assert!(help.contains(option), "{option} is no option of the program");
    }
    let services = arguments.windows(2).find(|pair| pair[0] == "--services").unwrap()[1];
    for service in services.split(',') {
        assert!(server_stub::Service::ALL.iter().any(|(_, name)| *name == service), "{service}");
    }
}

fn check_environment(help: &str, names: &Value) {
    for name in names.as_object().unwrap().keys() {
        assert!(help.contains(name.as_str()), "{name} is nothing that the program reads");
    }
}

#[test]
fn compose_says_what_the_program_understands() {
    let help = help();
    let compose = documents("compose.yaml").remove(0);
    for service in ["server", "maker"] {
        let service = &compose["services"][service];
        check_arguments(&help, &service["command"]);
        check_environment(&help, &service["environment"]);
        for secret in service["secrets"].as_array().unwrap() {
            assert!(compose["secrets"][secret.as_str().unwrap()].is_object(), "{secret}");
        }
    }
    let nats = std::fs::read_to_string(deploy("nats.conf")).unwrap();
    assert!(nats.contains("sync_interval: always"));
}

#[test]
fn kubernetes_accepts_the_manifests_and_they_fit_together() {
    let help = help();
    for file in ["kubernetes/maker.yaml", "kubernetes/server.yaml", "kubernetes/settings.yaml"] {
        let output = Command::new(installed().join("kubernetes-validate")).arg("--strict").arg(deploy(file)).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let settings = documents("kubernetes/settings.yaml");
    check_environment(&help, &settings[0]["data"]);
    let secrets = settings[1]["stringData"].as_object().unwrap();
    for (name, file) in settings[0]["data"].as_object().unwrap() {
        if let Some(file) = file.as_str().unwrap().strip_prefix("/run/secrets/lumen/") {
            assert!(secrets.contains_key(file), "{name} names a secret that is not there");
        }
    }
    let server = documents("kubernetes/server.yaml");
    let by_kind = |kind: &str| server.iter().find(|document| document["kind"] == kind).unwrap();
    let deployment = by_kind("Deployment");
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    check_arguments(&help, &container["args"]);
    assert_eq!(container["readinessProbe"]["httpGet"]["path"], service_api::routes::HEALTH_READY);
    assert_eq!(container["livenessProbe"]["httpGet"]["path"], service_api::routes::HEALTH_LIVE);
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    assert_eq!(&by_kind("PodDisruptionBudget")["spec"]["selector"]["matchLabels"], labels);
    assert_eq!(&by_kind("Service")["spec"]["selector"], labels);
    let target = &by_kind("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"];
    assert_eq!((&target["kind"], &target["name"]), (&deployment["kind"], &deployment["metadata"]["name"]));
    check_arguments(&help, &documents("kubernetes/maker.yaml")[0]["spec"]["template"]["spec"]["containers"][0]["args"]);
}

#[test]
fn haproxy_accepts_its_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(deploy("haproxy.cfg")).unwrap();
    // A certificate is the installation's own.
    let text = text.replace(" ssl crt /etc/haproxy/certificates alpn h2,http/1.1", "");
    let file = folder.path().join("haproxy.cfg");
    std::fs::write(&file, text).unwrap();
    let program = if Path::new("/usr/sbin/haproxy").exists() { "/usr/sbin/haproxy" } else { "haproxy" };
    let output = Command::new(program).args(["-c", "-f"]).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
