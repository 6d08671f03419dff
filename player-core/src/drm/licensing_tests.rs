//! Conversations with licence servers, through the stand-in module where more than Clear Key is needed.

use super::contract_tests::{ID, KEY};
use super::*;
use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Gives prepared answers in order, the last one again and again, and keeps what it was asked.
#[derive(Debug, Default)]
pub(super) struct Server {
    answers: Mutex<VecDeque<Result<Vec<u8>, LicenseDenied>>>,
    asked: Mutex<Vec<LicenseChallenge>>,
}

impl Server {
    fn answering(answers: impl IntoIterator<Item = Result<Vec<u8>, LicenseDenied>>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() })
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

#[async_trait]
impl LicenseTransport for Server {
    async fn request(&self, challenge: LicenseChallenge) -> Result<Vec<u8>, LicenseDenied> {
        self.asked.lock().unwrap().push(challenge);
        let mut answers = self.answers.lock().unwrap();
        if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() }
    }
}

fn licensing(systems: KeySystems, server: Option<&Arc<Server>>) -> Licensing {
    let transport = server.map(|server| server.clone() as Arc<dyn LicenseTransport>);
    Licensing::new(systems, transport, KeyRing::default())
}

fn offers(systems: &[SystemId]) -> crate::manifest::Protection {
    let systems = systems.iter().cloned().map(SystemOffer::of).collect();
    crate::manifest::Protection { systems, ..Default::default() }
}

#[tokio::test]
async fn a_stream_for_systems_that_are_not_here_is_refused_by_their_names() {
    let refused = DrmError::NoKeySystem("Widevine, PlayReady".into());
    let alone = licensing(KeySystems::default(), None);
    alone.note_protections(&[offers(&[SystemId::WIDEVINE, SystemId::PLAYREADY])]);
    assert_eq!(alone.request(&[ID], &|_| {}).await, Err(refused.clone()));
    // A server is asked all the same: it may know the keys. What it refuses is the guess.
    let server = Server::answering([Err(LicenseDenied::Refused("what?".into())), Err(LicenseDenied::Unauthorised)]);
    let guessing = licensing(KeySystems::default(), Some(&server));
    guessing.note_protections(&[offers(&[SystemId::WIDEVINE, SystemId::PLAYREADY])]);
    assert_eq!(guessing.request(&[ID], &|_| {}).await, Err(refused));
    assert_eq!(guessing.request(&[ID], &|_| {}).await, Err(DrmError::Denied(LicenseDenied::Unauthorised)));
    assert_eq!(server.asked(), 2);
    let unnamed = licensing(KeySystems::default(), None);
    assert_eq!(unnamed.request(&[ID], &|_| {}).await, Err(DrmError::NoTransport));
}

#[tokio::test]
async fn keys_that_were_given_need_nobody() {
    let licensing = licensing(KeySystems::default(), None);
    licensing.keys().give([(ID, KEY)]);
    assert_eq!(licensing.request(&[ID], &|_| panic!("nothing is chosen")).await, Ok(1));
    assert_eq!(licensing.keys().given(ID), Some(KEY));
}

#[tokio::test]
async fn clear_key_licence_that_lasts_is_renewed_before_its_end() {
    let name = |bytes: [u8; 16]| URL_SAFE_NO_PAD.encode(bytes);
    let licence = |lifetime_s: u64| {
        let keys = serde_json::json!([{ "kty": "oct", "kid": name(ID.0), "k": name(KEY.0) }]);
        Ok(serde_json::json!({ "keys": keys, "lifetime_s": lifetime_s }).to_string().into_bytes())
    };
    // Due at once.
    let server = Server::answering([licence(0), licence(3_600)]);
    let licensing = licensing(KeySystems::default(), Some(&server));
    assert_eq!(licensing.request(&[ID], &|_| {}).await, Ok(0), "its keys are over before they are used");
    let renewed = async {
        while server.asked() < 2 {
            tokio::task::yield_now().await;
        }
        let decryption = licensing.keys().wait_for(ID).await.unwrap();
        let mut sample = super::contract_tests::encrypted(&[0; 32], crate::container::Scheme::Cenc, &[]);
        while decryption.decrypt(&mut sample, &crate::testing::video_format()).is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = licensing.keep_renewed() => panic!("it never ends"),
        renewed = tokio::time::timeout(Duration::from_secs(20), renewed) => renewed.unwrap(),
    }
    assert_eq!(server.asked(), 2, "what lasts an hour is not due");
}

#[cfg(all(feature = "opencdm", target_os = "linux"))]
mod with_a_module {
    use super::*;
    use crate::manifest::Protection;
    use crate::testing::stand_in::{self, StandIn};
    use tempfile::TempDir;

    fn module() -> (TempDir, StandIn, KeySystems) {
        let folder = tempfile::tempdir().unwrap();
        let stand_in = StandIn::build(folder.path(), "libocdm.so", &[]);
        let systems = KeySystems::with(opencdm_systems(&stand_in.options()).unwrap());
        (folder, stand_in, systems)
    }

    fn granted(more: &str) -> Result<Vec<u8>, LicenseDenied> {
        Ok(stand_in::licence(&[(ID, KEY)], 0, more))
    }

    fn announced(data: &str, key_ids: &[KeyId]) -> Protection {
        let init = Some(InitData { kind: InitDataType::Cenc, data: stand_in::init_data(data) });
        let systems = vec![SystemOffer { system: SystemId::Uuid(stand_in::SYSTEM), init }];
        Protection { systems, key_ids: key_ids.to_vec(), ..Protection::default() }
    }

    #[tokio::test]
    async fn the_module_asks_with_the_data_that_name_the_key() {
        let (_folder, stand_in, systems) = module();
        let server = Server::answering([granted("")]);
        let licensing = licensing(systems, Some(&server));
        licensing.note_protections(&[announced("other", &[KeyId([9; 16])]), announced("this", &[ID])]);
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let tells = told.clone();
        let tell = move |choice: &KeySystemChoice| tells.lock().unwrap().push(choice.id().to_string());
        let keys = licensing.request(&[ID], &tell).await;
        assert_eq!(*told.lock().unwrap(), [stand_in::KEY_SYSTEM]);
        assert_eq!(keys, Ok(1));
        let body = server.asked.lock().unwrap()[0].body.clone();
        assert!(body.ends_with(b"this") && server.asked() == 1);
        assert_eq!(licensing.request(&[ID], &|_| {}).await, Ok(1));
        assert_eq!(server.asked(), 1, "what is here is not asked for again");
        tokio::task::spawn_blocking(move || licensing.close()).await.unwrap();
        assert!(stand_in.is_at_rest(), "{:?}", stand_in.log());
    }

    #[tokio::test]
    async fn media_may_say_what_a_manifest_does_not() {
        let (_folder, _stand_in, systems) = module();
        let server = Server::answering([granted("")]);
        let licensing = Arc::new(licensing(systems, Some(&server)));
        let asking = tokio::spawn({
            let licensing = licensing.clone();
            async move { licensing.request(&[ID], &|choice| assert_eq!(choice.id().0, stand_in::KEY_SYSTEM)).await }
        });
        tokio::task::yield_now().await;
        assert_eq!(server.asked(), 0);
        let moov = stand_in::init_data("film");
        let moov = [&(8 + moov.len() as u32).to_be_bytes()[..], b"moov", &moov].concat();
        licensing.note_media(&moov);
        licensing.media_waits();
        assert_eq!(asking.await.unwrap(), Ok(1));
    }

    #[tokio::test]
    async fn refusals_are_those_of_the_server_and_the_module() {
        let (_folder, stand_in, systems) = module();
        let rows = [
            (Err(LicenseDenied::Refused("plan".into())), DrmError::Denied(LicenseDenied::Refused("plan".into()))),
            (Ok(b"<html>".to_vec()), DrmError::InvalidLicence("the content decryption module refuses it")),
            (Ok(b"standin-licence\n".to_vec()), DrmError::MissingKey(ID)),
            (granted("error broken"), DrmError::Cdm(CdmError::Reported("broken".into()))),
            (
                Ok(b"standin-licence\nagain\n".to_vec()),
                DrmError::Cdm(CdmError::Endless("each answer leads to another question")),
            ),
        ];
        for (answer, error) in rows {
            let server = Server::answering([answer]);
            let licensing = licensing(systems.clone(), Some(&server));
            licensing.note_protections(&[announced("film", &[])]);
            assert_eq!(licensing.request(&[ID], &|_| {}).await, Err(error));
            tokio::task::spawn_blocking(move || licensing.close()).await.unwrap();
        }
        assert!(stand_in.is_at_rest(), "{:?}", stand_in.log());
    }

    #[tokio::test]
    async fn a_key_of_another_rung_is_withheld_without_ending_everything() {
        let (_folder, _stand_in, systems) = module();
        let high = KeyId([8; 16]);
        let mixed = [stand_in::licence(&[(ID, KEY)], 0, ""), format!("key {high} {high} 3\n").into_bytes()].concat();
        let server = Server::answering([Ok(mixed)]);
        let licensing = licensing(systems, Some(&server));
        licensing.note_protections(&[announced("film", &[ID, high])]);
        assert_eq!(licensing.request(&[ID, high], &|_| {}).await, Ok(1));
        let decryption = licensing.keys().wait_for(high).await.unwrap();
        let mut sample = super::super::contract_tests::encrypted(&[0; 32], crate::container::Scheme::Cenc, &[]);
        sample.protection.as_mut().unwrap().key_id = high;
        let withheld = decryption.decrypt(&mut sample, &crate::testing::video_format());
        assert_eq!(withheld, Err(DrmError::KeyUnusable { key: high, status: KeyStatus::OutputRestricted }));
    }

    #[tokio::test]
    async fn licences_are_renewed_when_the_module_asks() {
        let (_folder, _stand_in, systems) = module();
        let server = Server::answering([granted("renew\n"), granted("")]);
        let licensing = Arc::new(licensing(systems, Some(&server)));
        licensing.note_protections(&[announced("film", &[])]);
        assert_eq!(licensing.request(&[ID], &|_| {}).await, Ok(1));
        let renewed = async {
            while server.asked() < 2 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = licensing.keep_renewed() => panic!("it never ends"),
            renewed = tokio::time::timeout(Duration::from_secs(20), renewed) => renewed.unwrap(),
        }
    }
}
