//! `dekey collect` and `dekey auth`, as far as they go without Azure.

use crate::{Run, workspace};

#[test]
fn permissions_are_printed_for_every_tool() {
    let run = Run::new();
    let id = "85c204e5-9355-4eb0-b260-a78d8ab373f9";
    let json = run.dekey(&["collect", "--print-permissions", "json", "--subscription", id]).json();
    assert_eq!(json["role"]["AssignableScopes"][0], format!("/subscriptions/{id}"));
    let actions = json["role"]["Actions"].as_array().unwrap();
    assert!(
        actions.len() > 30 && actions.iter().all(|own| own.as_str().unwrap().ends_with("/read")),
        "{actions:?}"
    );
    assert_eq!(json["microsoftGraph"]["permissions"].as_array().unwrap().len(), 3);
    let bicep = run.dekey(&["collect", "--print-permissions", "bicep"]);
    assert!(bicep.out().contains("targetScope = 'managementGroup'"), "{}", bicep.out());
    let az = run.dekey(&["collect", "--print-permissions", "az"]);
    assert!(
        az.out().contains("az role definition create") && az.out().contains("appRoleAssignments"),
        "{}",
        az.out()
    );
    assert_eq!((bicep.code(), az.code()), (0, 0));
}

#[test]
fn arguments_that_cannot_work_are_told_before_anything_is_asked() {
    let run = Run::new();
    run.write("not.pem", "hello");
    run.write("old.jsonl.journal.jsonl", "{}\n");
    for (args, code, words) in [
        (&["collect"][..], 2, "--output"),
        (&["collect", "-o", "x.zip"], 2, "must end in .tar.zst"),
        (&["collect", "-o", "x.jsonl", "--resume"], 2, "nothing to go on with"),
        (&["collect", "-o", "old.jsonl"], 2, "--resume goes on with it"),
        (
            &["collect", "-o", "a.jsonl", "--cloud", "AzureMoonCloud"],
            2,
            "no cloud is called `AzureMoonCloud`",
        ),
        (&["collect", "-o", "b.jsonl", "--cloud", "http://127.0.0.1:1"], 12, "https only"),
        (&["collect", "-o", "c.jsonl", "--cloud", "https://127.0.0.1:1"], 12, "does not describe itself"),
        (&["collect", "-o", "d.jsonl", "--ca-file", "not.pem"], 2, "BEGIN CERTIFICATE"),
        (&["collect", "-o", "e.jsonl", "--ca-file", "gone.pem"], 12, "gone.pem"),
        (&["collect", "-o", "f.jsonl", "--sign-in", "telepathy"], 2, "managed-identity"),
        (&["audit"], 2, "<PATH>"),
    ] {
        let done = run.dekey(args);
        assert_eq!(done.code(), code, "{args:?}: {}", done.err());
        assert!(done.err().contains(words), "{args:?}: {}", done.err());
    }
}

#[test]
fn a_client_secret_is_refused_with_the_reason_and_never_printed() {
    let run = Run::new();
    let variables =
        [("AZURE_CLIENT_SECRET", "hunter2-hunter2"), ("AZURE_CLIENT_ID", "a"), ("AZURE_TENANT_ID", "t")];
    let done = run.dekey_in(&["auth", "status", "--sign-in", "client-secret"], &variables);
    assert_eq!(done.code(), 12);
    assert!(
        done.out().contains("not signed in to AzureCloud") && done.out().contains("--allow-client-secret"),
        "{}",
        done.out()
    );
    let json = run
        .dekey_in(&["auth", "status", "--sign-in", "client-secret", "--format", "json"], &variables)
        .json();
    assert_eq!(json["signedIn"], false);
    assert_eq!(json["passedOver"][0]["method"], "client-secret");
    assert!(!format!("{}{}{json}", done.out(), done.err()).contains("hunter2"));
}

/// The endpoint of an app's managed identity, which gives a token to whoever knows its header.
fn identity_endpoint() -> std::net::SocketAddr {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut came, mut buffer) = (stream.unwrap(), Vec::new(), [0; 1024]);
            while !came.ends_with(b"\r\n\r\n") {
                let read = stream.read(&mut buffer).unwrap();
                came.extend_from_slice(&buffer[..read]);
            }
            let came = String::from_utf8(came).unwrap().to_ascii_lowercase();
            let graph = came.contains("graph.microsoft.com");
            // {"oid":"o-1","appid":"a-1","tid":"t-1","aud":"https://management.azure.com","app_displayname":"auditor"}
            let claims = "eyJvaWQiOiJvLTEiLCJhcHBpZCI6ImEtMSIsInRpZCI6InQtMSIsImF1ZCI6Imh0dHBzOi8vbWFuYWdlbWVudC5henVyZS5jb20iLCJhcHBfZGlzcGxheW5hbWUiOiJhdWRpdG9yIn0";
            let body = format!(
                r#"{{"access_token":"e30.{claims}.c2ln","expires_on":"4102444800","resource":"r","token_type":"Bearer"}}"#
            );
            let (status, body) = if !came.contains("x-identity-header: h-1") {
                ("401 Unauthorized", "{}".to_owned())
            } else if graph {
                ("400 Bad Request", r#"{"statusCode":400,"message":"none for that"}"#.to_owned())
            } else {
                ("200 OK", body)
            };
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            )
            .unwrap();
        }
    });
    address
}

#[test]
fn who_is_signed_in_and_what_is_missing_is_said_without_the_token() {
    let run = Run::new();
    let endpoint = format!("http://{}/msi/token", identity_endpoint());
    // A proxy that is not there is not asked for what is on this machine.
    let variables = [
        ("IDENTITY_ENDPOINT", endpoint.as_str()),
        ("IDENTITY_HEADER", "h-1"),
        ("HTTP_PROXY", "http://127.0.0.1:9"),
    ];
    let done = run.dekey_in(&["auth", "status"], &variables);
    assert_eq!(done.code(), 0, "{}{}", done.out(), done.err());
    for words in [
        "signed in to AzureCloud by managed-identity",
        "auditor",
        "2100-01-01T00:00:00Z",
        "Microsoft Graph",
        "no token:",
        "AZURE_FEDERATED_TOKEN_FILE is not set",
    ] {
        assert!(done.out().contains(words), "{words}: {}", done.out());
    }
    assert!(!done.out().contains("c2ln") && !done.out().contains("h-1"), "{}", done.out());
    let json = run.dekey_in(&["auth", "status", "--format", "json"], &variables).json();
    assert_eq!((&json["signedIn"], &json["objectId"]), (&true.into(), &"o-1".into()));
    assert!(json["tokens"][1]["missing"].as_str().unwrap().contains("authentication failed"), "{json}");

    // A certificate that is not there matters to nobody who signs in another way.
    let gone = [&variables[..], &[("AZURE_CLIENT_CERTIFICATE_PATH", "gone.pem")]].concat();
    let other = ["auth", "status", "--sign-in", "managed-identity"];
    assert_eq!(run.dekey_in(&other, &gone).code(), 0);
    assert!(run.dekey_in(&["auth", "status"], &gone).err().contains("gone.pem"));

    // The app is set up for its identity: when that fails, nobody else's login is used.
    let wrong = [("IDENTITY_ENDPOINT", endpoint.as_str()), ("IDENTITY_HEADER", "h-2")];
    let done = run.dekey_in(&["auth", "status"], &wrong);
    assert_eq!(done.code(), 12);
    assert!(
        done.out().contains("choose with --sign-in") && !done.out().contains("azure-cli "),
        "{}",
        done.out()
    );
}

#[test]
fn a_cloud_can_be_described_in_a_file() {
    let run = Run::new();
    run.write("cloud.toml", "[cloud]\nname = 'x'\n");
    let done = run.dekey(&["auth", "status", "--cloud", "cloud.toml"]);
    assert_eq!(done.code(), 2);
    assert!(done.err().contains("cloud.toml") && done.err().contains("authority"), "{}", done.err());
}

#[test]
fn a_journal_is_an_export() {
    let run = Run::new();
    let lines = format!(
        "{}\n{{\"dekey\":\"manifest/1\",\"coverage\":[{{\"kind\":\"datastores\",\"scope\":\"/subscriptions/s\",\"outcome\":\"refused\",\"reason\":\"403\"}}]}}\n",
        workspace("w", r#""properties":{},"dekey":{"readAt":"2026-11-23T00:00:00Z","partial":true}"#)
    );
    run.write("t.tar.zst.journal.jsonl", &lines);
    let done = run.dekey(&["audit", "t.tar.zst.journal.jsonl", "--format", "json"]).json();
    let reasons = done["not_judged"].to_string();
    assert!(reasons.contains("datastores could not be read: 403"), "{reasons}");
}

/// A certificate signs in where it is registered, and nowhere else.
#[test]
fn a_certificate_signs_in_where_it_is_known() {
    let run = Run::new();
    let made = |name: &str| {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        let own = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
        run.write(&format!("{name}.pem"), &format!("{}{}", key.serialize_pem(), own.pem()));
        run.write(&format!("{name}.crt"), &own.pem());
    };
    made("known");
    made("other");
    let sim = crate::live::Sim::start(&run, &["--certificate", "known.crt"]);
    let caller = dekey_sim::Options::new(1).callers[0].0.app_id.clone();
    let tenant = dekey_sim::Options::new(1).tenant;
    let status = |file: &str| {
        let variables = [
            ("AZURE_TENANT_ID", tenant.as_str()),
            ("AZURE_CLIENT_ID", caller.as_str()),
            ("AZURE_CLIENT_CERTIFICATE_PATH", file),
        ];
        sim.dekey_with(&run, &["auth", "status", "--sign-in", "certificate"], &variables)
    };
    let known = status("known.pem");
    assert_eq!(known.code(), 0, "{}{}", known.out(), known.err());
    assert!(known.out().contains("by certificate"), "{}", known.out());
    let other = status("other.pem");
    assert_eq!(other.code(), 12, "{}", other.out());
    assert!(
        format!("{}{}", other.out(), other.err()).contains("AADSTS700027"),
        "{}{}",
        other.out(),
        other.err()
    );
    run.write("none.crt", "no certificate");
    let wrong = run.dekey(&["sim", "--certificate", "none.crt"]);
    assert!(wrong.code() == 2 && wrong.err().contains("BEGIN CERTIFICATE"), "{}", wrong.err());
}
