//! Decryption beside `openssl speed`.

use super::{Folder, compare, fastest, output, speed};
use crate::sim::table::Table;
use anyhow::Context as _;
use bytes::Bytes;
use player_core::MediaTime;
use player_core::container::{Sample, SampleProtection, Scheme, Subsample};
use player_core::drm::{ContentKey, KeyId, aes_cbc, cenc};
use std::time::Duration;

/// Bytes of one sample: a picture at a good quality.
const SAMPLE: usize = 64 << 10;
/// Samples of one run, 64 MiB.
const SAMPLES: usize = 1024;
/// Bytes of one segment that is encrypted as a whole.
const SEGMENT: usize = 16 << 20;
/// In front of each picture, as packagers leave them.
const CLEAR: usize = 256;

const KEY: [u8; 16] = [0x5a; 16];
const IV: [u8; 16] = [0x17; 16];

/// Speed per scheme. `cbcs` decrypts a tenth of the bytes that are counted.
pub(super) fn table(folder: &Folder) -> anyhow::Result<Table> {
    let ctr = openssl("aes-128-ctr", false)?;
    let cbc = openssl("aes-128-cbc", true)?;
    let mut table = Table::new(["cipher", "MB/s", "openssl MB/s", "ratio"]);
    compare(&mut table, "cenc, beside AES-128-CTR", samples(Scheme::Cenc)?, ctr);
    compare(&mut table, "cbcs 1:9, beside AES-128-CBC", samples(Scheme::Cbcs { crypt: 1, skip: 9 })?, cbc);
    compare(&mut table, "cbcs without pattern, beside AES-128-CBC", samples(Scheme::Cbcs { crypt: 0, skip: 0 })?, cbc);
    compare(&mut table, "AES-128 of HLS, beside AES-128-CBC", whole(folder)?, cbc);
    Ok(table)
}

/// Samples that share no memory, as those of a segment whose others are gone. Making them is not part of the time.
fn samples(scheme: Scheme) -> anyhow::Result<f64> {
    let subsample = Subsample { clear: CLEAR as u32, protected: (SAMPLE - CLEAR) as u32 };
    let protection = SampleProtection { key_id: KeyId(KEY), scheme, iv: IV, subsamples: vec![subsample] };
    let mut samples: Vec<Sample> = (0..SAMPLES)
        .map(|_| Sample {
            pts: MediaTime::ZERO,
            dts: MediaTime::ZERO,
            duration: Duration::ZERO,
            keyframe: true,
            hidden: false,
            data: Bytes::from(vec![0x3c; SAMPLE]),
            protection: None,
        })
        .collect();
    let time = fastest(|| {
        for sample in &mut samples {
            sample.protection = Some(protection.clone());
            cenc::decrypt(sample, &ContentKey(KEY));
        }
        Ok(())
    })?;
    Ok(speed(SAMPLE * SAMPLES, time))
}

/// A segment with its padding. Decryption makes a copy, and that is part of the time.
fn whole(folder: &Folder) -> anyhow::Result<f64> {
    let (plain, encrypted) = (folder.path("plain"), folder.path("encrypted"));
    std::fs::write(&plain, vec![0x47; SEGMENT])?;
    let (key, iv) = (hexadecimal(KEY), hexadecimal(IV));
    output("openssl", &["enc", "-aes-128-cbc", "-K", &key, "-iv", &iv, "-in", &plain, "-out", &encrypted])?;
    let segment = std::fs::read(&encrypted)?;
    let time = fastest(|| Ok(aes_cbc::decrypt_segment(&segment, &KEY, IV, false)?))?;
    Ok(speed(SEGMENT, time))
}

fn hexadecimal(bytes: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(bytes))
}

/// What `openssl speed` says of one thread, in MB/s: of its own time, so that nobody else on the machine slows it.
fn openssl(cipher: &str, decrypt: bool) -> anyhow::Result<f64> {
    let size = SAMPLE.to_string();
    let mut arguments = vec!["speed", "-mr", "-seconds", "1", "-bytes", &size];
    arguments.extend(decrypt.then_some("-decrypt"));
    arguments.extend(["-evp", cipher]);
    let mut best = 0.0f64;
    for _ in 0..3 {
        let output = output("openssl", &arguments)?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        best = best.max(bytes_a_second(&text).with_context(|| format!("openssl speed said: {text}"))? / 1e6);
    }
    Ok(best)
}

/// The last field of the line `+F:22:AES-128-CTR:1234.5`.
fn bytes_a_second(text: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix("+F:")?.rsplit(':').next()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_field_is_the_speed() {
        assert_eq!(bytes_a_second("+H:65536\n+F:24:AES-128-CTR:1234567.50\n"), Some(1_234_567.5));
        assert_eq!(bytes_a_second("nothing"), None);
    }
}
