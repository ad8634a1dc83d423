//! `dekey sim`.

use crate::Run;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

#[test]
fn it_says_how_to_reach_it_and_answers() {
    let run = Run::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_dekey"))
        .args(["sim", "--listen", "127.0.0.1:0", "--identity", "127.0.0.1:0"])
        .current_dir(run.folder.path())
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    assert!(first.contains("resources at https://127.0.0.1:"), "{first}");
    let endpoint = lines.find(|line| line.contains("IDENTITY_ENDPOINT=")).unwrap();
    assert!(run.read("dekey-sim-ca.pem").starts_with("-----BEGIN CERTIFICATE-----"));
    let address = endpoint.split("http://").nth(1).unwrap().split('/').next().unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let request = format!(
        "GET /msi/token?resource=https://management.azure.com HTTP/1.1\r\nHost: {address}\r\nX-Identity-Header: sim\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(answer.contains("\"access_token\""), "{answer}");
}

#[test]
fn what_cannot_be_served_is_refused() {
    let run = Run::new();
    run.write("plan.txt", "sometimes: reset");
    for (args, code, said) in [
        (["--listen", "0.0.0.0:0"], 2, "not a loopback address"),
        (["--role", "Nobody"], 2, "no such built-in role"),
        (["--role", "Reader@subscriptions"], 2, "starts with a slash"),
        (["--latency", "fast"], 2, "50ms"),
        (["--faults", "plan.txt"], 2, "line 1"),
        (["--from", "."], 12, "no resource was found"),
    ] {
        let done = run.dekey(&[["sim"].as_slice(), &args].concat());
        assert_eq!(done.code(), code, "{args:?}: {}", done.err());
        assert!(done.err().contains(said), "{args:?}: {}", done.err());
    }
}

#[test]
fn a_script_is_answered_and_that_is_all() {
    let run = Run::new();
    run.write("requests.txt", "at 2026-11-23T08:00:00Z\nGET /subscriptions?api-version=2022-12-01\n");
    let done = run.dekey(&["sim", "--script", "requests.txt"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    let out = done.out();
    assert!(
        out.starts_with("2026-11-23T08:00:00Z GET /subscriptions?api-version=2022-12-01\n200\n"),
        "{out}"
    );
    assert!(out.contains("Contoso ML Production"), "{out}");
    run.write("wrong.txt", "fetch /subscriptions\n");
    let wrong = run.dekey(&["sim", "--script", "wrong.txt"]);
    assert_eq!(wrong.code(), 2);
    assert!(wrong.err().contains("wrong.txt: line 1: `fetch /subscriptions` is no step"), "{}", wrong.err());
}
