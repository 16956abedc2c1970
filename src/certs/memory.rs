//! A self-signed certificate made in memory, for trying rolegate out. Clients
//! can trust it by its fingerprint only.

use anyhow::Context;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use rustls::crypto::CryptoProvider;

use super::Pair;

/// Makes a self-signed certificate for localhost. It is valid from yesterday
/// for a year from today.
///
/// # Errors
///
/// If the system provides no randomness, or the clock's date is out of range.
pub fn in_memory(now: Timestamp, provider: &CryptoProvider) -> anyhow::Result<Pair> {
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut params = CertificateParams::new(names).context("cannot set the certificate's names")?;
    params
        .distinguished_name
        .push(DnType::CommonName, "rolegate in memory");
    let today = now.to_zoned(TimeZone::UTC).date();
    let day = |date: jiff::civil::Date| -> anyhow::Result<_> {
        Ok(date_time_ymd(
            i32::from(date.year()),
            u8::try_from(date.month())?,
            u8::try_from(date.day())?,
        ))
    };
    params.not_before = day(today.checked_sub(Span::new().days(1))?)?;
    params.not_after = day(today.checked_add(Span::new().years(1))?)?;
    let key = KeyPair::generate().context("cannot make a key")?;
    let certificate = params
        .self_signed(&key)
        .context("cannot sign the certificate")?;
    let pair = Pair::from_der(vec![certificate.der().clone()], key.into(), provider)?;
    Ok(pair)
}
