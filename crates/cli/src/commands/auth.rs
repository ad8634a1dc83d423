//! `dekey auth status`.

use crate::args::{AzureArgs, RulesFormat};
use crate::azure::{block_on, connect};
use crate::exit::{Error, Exit};
use dekey_azure::sign_in::Status;
use serde_json::json;
use std::io::Write;

pub(crate) fn run(args: &AzureArgs, format: RulesFormat) -> Result<Exit, Error> {
    let (cloud, status) = block_on(async {
        let connection = connect(args).await?;
        let status = connection.sign_in.status(&connection.cloud).await;
        Ok((connection.cloud.name.clone(), status))
    })?;
    let mut out = std::io::stdout().lock();
    match format {
        RulesFormat::Json => writeln!(out, "{:#}", as_json(&cloud, &status))?,
        RulesFormat::Text => as_text(&mut out, &cloud, &status)?,
    }
    Ok(if status.method.is_some() { Exit::Clean } else { Exit::BadInput })
}

fn as_json(cloud: &str, status: &Status) -> serde_json::Value {
    let passed_over: Vec<_> = status
        .passed_over
        .iter()
        .map(|(method, why)| json!({ "method": method.name(), "reason": why }))
        .collect();
    let reach: Vec<_> = status
        .reach
        .iter()
        .map(|own| match &own.token {
            Ok(until) => json!({ "service": own.service.name(), "expires": until }),
            Err(why) => json!({ "service": own.service.name(), "missing": why }),
        })
        .collect();
    json!({
        "dekey": "auth/1",
        "signedIn": status.method.is_some(),
        "cloud": cloud,
        "method": status.method.map(dekey_azure::sign_in::Method::name),
        "name": status.name,
        "objectId": status.object_id,
        "applicationId": status.application_id,
        "tenant": status.tenant,
        "audience": status.audience,
        "expires": status.expires,
        "tokens": reach,
        "passedOver": passed_over,
    })
}

fn as_text(out: &mut dyn Write, cloud: &str, status: &Status) -> std::io::Result<()> {
    let rows = [
        ("as", status.name.as_deref()),
        ("object id", status.object_id.as_deref()),
        ("application", status.application_id.as_deref()),
        ("tenant", status.tenant.as_deref()),
        ("token for", status.audience.as_deref()),
    ];
    match status.method {
        Some(method) => writeln!(out, "signed in to {cloud} by {}", method.name())?,
        None => writeln!(out, "not signed in to {cloud}")?,
    }
    for (name, value) in rows {
        if let Some(value) = value {
            writeln!(out, "  {name:<12}{}", dekey_report::terminal::plain(value))?;
        }
    }
    for own in &status.reach {
        let (word, text) = match &own.token {
            Ok(until) => ("token until", until),
            Err(why) => ("no token:", why),
        };
        writeln!(out, "  {:<24}{word} {}", own.service.name(), dekey_report::terminal::plain(text))?;
    }
    if !status.passed_over.is_empty() {
        writeln!(out, "\ntried before, in this order")?;
        for (method, why) in &status.passed_over {
            writeln!(out, "  {:<21}{}", method.name(), dekey_report::terminal::plain(why))?;
        }
    }
    if status.method.is_none() {
        writeln!(
            out,
            "\nRun az login, or give the machine a managed identity; dekey collect --print-permissions says what it needs."
        )?;
    }
    Ok(())
}
