//! Commands of an operator reach what the servers use, or say that they do not.

use super::{household, real};
use crate::common::{MIA, TestServer, data_folder};
use std::{
    path::Path,
    process::{Output, Stdio},
};
use tokio::process::Command;

/// Runs a command with this environment and no other.
async fn operate(arguments: &[&str], environment: &[(&str, &Path)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lumen-server"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command.envs(environment.iter().copied());
    command.output().await.unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn commands_work_on_the_database_that_the_environment_or_the_file_names() {
    use sqlx::Connection;
    let (household, url) = household("operators").await;
    let secrets = tempfile::tempdir().unwrap();
    let database_url = real::secret_file(secrets.path(), "database", &url);
    let data = tempfile::tempdir().unwrap();
    let key = household.path().join("master.key");
    let environment =
        [("LUMEN_DATA", data.path()), ("LUMEN_DATABASE_URL_FILE", &*database_url), ("LUMEN_MASTER_KEY_FILE", &*key)];
    let mut database = sqlx::PgConnection::connect(&url).await.unwrap();

    let done = operate(&["account", "role", MIA, "admin"], &environment).await;
    assert!(done.status.success(), "{}", said(&done));
    let (account, role): (String, String) = sqlx::query_as("SELECT id, role FROM identity_accounts WHERE email = $1")
        .bind(MIA)
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!(role, "admin", "the first admin");
    let done = operate(&["keys", "revoke", "--account", &account], &environment).await;
    assert!(done.status.success(), "{}", said(&done));
    let revoked: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM entitlement_revocations WHERE subject = $1")
        .bind(format!("account:{account}"))
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!(revoked, 1);
    let done = operate(&["catalog", "export"], &environment).await;
    assert!(done.status.success() && !done.stdout.is_empty(), "{}", said(&done));
    for made in ["master.key", "lumen.db"] {
        assert!(!data.path().join(made).exists(), "{made} is no business of a command");
    }

    // The same by the file of settings.
    let settings = format!(
        "[scale]\ndatabase_url_file = {:?}\nmaster_key_file = {:?}\n",
        database_url.display().to_string(),
        key.display().to_string()
    );
    std::fs::write(data.path().join("lumen.toml"), settings).unwrap();
    let done = operate(&["account", "role", MIA, "qa"], &[("LUMEN_DATA", data.path())]).await;
    // Somebody must stay admin: only the database that has one knows that.
    assert!(!done.status.success() && said(&done).contains("admin"), "{}", said(&done));

    // A database that no server has used is not taken for one, nor made one.
    let cluster = super::Cluster::of_process();
    cluster.create("operators_none", "TEMPLATE template0").await;
    real::secret_file(secrets.path(), "database", &cluster.url("operators_none"));
    for arguments in [&["account", "role", MIA, "admin"][..], &["keys", "verify-log"]] {
        let done = operate(arguments, &environment).await;
        assert!(!done.status.success() && said(&done).contains("no server has used"), "{}", said(&done));
    }
    let mut empty = sqlx::PgConnection::connect(&cluster.url("operators_none")).await.unwrap();
    let tables: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'")
        .fetch_one(&mut empty)
        .await
        .unwrap();
    assert_eq!(tables, 0);
}

#[tokio::test]
async fn a_folder_without_a_server_is_left_without_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("mistyped");
    for arguments in [
        &["keys", "verify-log"][..],
        &["keys", "revoke", "--title", "x"],
        &["catalog", "export"],
        &["client", "list"],
        &["account", "role", MIA, "admin"],
        &["signing-keys", "rotate"],
    ] {
        let done = operate(arguments, &[("LUMEN_DATA", &data)]).await;
        assert!(!done.status.success() && said(&done).contains("there is no server in"), "{}", said(&done));
        assert!(!data.exists(), "{arguments:?} makes nothing");
    }
    // A profile that has its stores elsewhere, and does not say where.
    let done =
        operate(&["keys", "verify-log"], &[("LUMEN_DATA", &data), ("LUMEN_PROFILE", Path::new("scale-out"))]).await;
    assert!(!done.status.success() && said(&done).contains("--master-key-file"), "{}", said(&done));
    // A key that is gone is not replaced.
    let household = data_folder().await;
    std::fs::remove_file(household.path().join("master.key")).unwrap();
    let done = operate(&["keys", "verify-log"], &[("LUMEN_DATA", household.path())]).await;
    assert!(!done.status.success() && said(&done).contains("master.key"), "{}", said(&done));
    assert!(!household.path().join("master.key").exists());
}

#[tokio::test]
async fn commands_sign_nobody_out_of_a_server_that_runs() {
    // By the clock of the commands.
    let server = TestServer::start_with(|config| config.clock = std::sync::Arc::new(server_stub::SystemClock)).await;
    let mia = server.sign_in(MIA).await;
    let environment = [("LUMEN_DATA", server.data())];
    for arguments in [
        &["keys", "verify-log"][..],
        &["catalog", "export"],
        &["client", "list"],
        &["make-library", "--library-profile", "test", "--only", crate::common::CLEAR],
    ] {
        let done = operate(arguments, &environment).await;
        assert!(done.status.success(), "{arguments:?}: {}", said(&done));
        assert_eq!(mia.me().await.email, MIA, "{arguments:?}");
    }
}
