//! What can go wrong on the way to Azure and back.

use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// Why a call gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What happened.
    pub kind: ErrorKind,
    /// Method and address, without the values of its query.
    pub call: String,
    /// The id that Microsoft's support asks for.
    pub request_id: Option<String>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// There is no token, in the words of the credential.
    SignIn(String),
    /// 403; the action that is missing, where Azure names it.
    Forbidden {
        /// Azure's code and message.
        said: String,
        /// The action.
        action: Option<String>,
    },
    /// 404.
    NotFound(String),
    /// Any other refusal: status, code and message.
    Refused(u16, String),
    /// Azure asked to wait longer than there was time for.
    Throttled(Duration),
    /// Nothing came back, or it broke off.
    Transport(String),
    /// Something came back that is no answer.
    Protocol(String),
    /// The call would have sent a token to a stranger, or returned a secret.
    NotSent(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.call, self.kind)?;
        match &self.request_id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorKind::SignIn(why) => write!(f, "not signed in: {why}; see dekey auth status"),
            ErrorKind::Forbidden { action: Some(action), .. } => {
                write!(
                    f,
                    "403: the action {action} is not allowed here; see dekey collect --print-permissions"
                )
            }
            ErrorKind::Forbidden { said, action: None } => write!(f, "403: {said}"),
            ErrorKind::NotFound(said) => write!(f, "404: {said}"),
            ErrorKind::Refused(status, said) => write!(f, "{status}: {said}"),
            ErrorKind::Throttled(waited) => {
                write!(
                    f,
                    "429: Azure asked to wait longer than the {} s there were; try again later",
                    waited.as_secs()
                )
            }
            ErrorKind::Transport(why) => write!(f, "no answer: {why}"),
            ErrorKind::Protocol(why) => write!(f, "no answer of Azure's: {why}"),
            ErrorKind::NotSent(why) => write!(f, "not sent: {why}"),
        }
    }
}

impl std::error::Error for Error {}

/// How much of a message is kept; it is Azure's, and may quote what others wrote.
const MAX_MESSAGE: usize = 600;

/// What an answer with an error status means.
pub(crate) fn of_answer(status: u16, body: &[u8]) -> ErrorKind {
    let said = said(body);
    match status {
        401 => ErrorKind::SignIn(said),
        403 => ErrorKind::Forbidden { action: action_in(&said), said },
        404 => ErrorKind::NotFound(said),
        _ => ErrorKind::Refused(status, said),
    }
}

/// Code and message, in whichever envelope they came.
fn said(body: &[u8]) -> String {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        let what = if body.is_empty() { "an empty body" } else { "a body that is not JSON" };
        return format!("no reason given, but {what}");
    };
    // ARM, Graph and Log Analytics nest it; token endpoints do not.
    let error = value.get("error").filter(|error| error.is_object()).unwrap_or(&value);
    let text = |name: &str| error.get(name).and_then(Value::as_str);
    let code = text("code").or_else(|| text("Code")).or_else(|| text("error"));
    let message = text("message").or_else(|| text("Message")).or_else(|| text("error_description"));
    let mut said = match (code, message) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "no reason given".to_owned(),
    };
    said = dekey_model::secret::mask(&said).into_owned();
    if said.len() > MAX_MESSAGE {
        let cut = (0..=MAX_MESSAGE).rev().find(|at| said.is_char_boundary(*at)).unwrap_or(0);
        said.truncate(cut);
        said.push('…');
    }
    said
}

/// The action that `AuthorizationFailed` names.
fn action_in(said: &str) -> Option<String> {
    let (_, rest) = said.split_once("to perform action '")?;
    let (action, _) = rest.split_once('\'')?;
    Some(action.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_envelope_is_understood() {
        for (body, expected) in [
            (r#"{"error":{"code":"A","message":"b"}}"#, "A: b"),
            (r#"{"code":"A","message":"b"}"#, "A: b"),
            (
                r#"{"error":"invalid_client","error_description":"AADSTS7000222"}"#,
                "invalid_client: AADSTS7000222",
            ),
            (r#"{"Code":"A"}"#, "A"),
            ("<html>", "no reason given, but a body that is not JSON"),
            ("", "no reason given, but an empty body"),
            ("[]", "no reason given"),
        ] {
            assert_eq!(said(body.as_bytes()), expected);
        }
        let long = format!(r#"{{"error":{{"code":"A","message":"{}"}}}}"#, "ä".repeat(1000));
        assert!(said(long.as_bytes()).len() < MAX_MESSAGE + 8);
    }

    #[test]
    fn a_refusal_names_the_action_that_is_missing() {
        let body = br#"{"error":{"code":"AuthorizationFailed","message":"The client 'x' with object id 'y' does not have authorization to perform action 'Microsoft.Storage/storageAccounts/read' over scope '/s' or the scope is invalid."}}"#;
        let error =
            Error { kind: of_answer(403, body), call: "GET /s".to_owned(), request_id: Some("r".to_owned()) };
        let text = error.to_string();
        assert!(
            text.contains("the action Microsoft.Storage/storageAccounts/read is not allowed here"),
            "{text}"
        );
        assert!(text.ends_with("(request r)"));
    }
}
