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
    pub request_id: Option<Box<str>>,
    /// The id that the activity log has for it.
    pub correlation_id: Option<Box<str>>,
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
    /// Any other refusal.
    Refused {
        /// The status of the answer.
        status: u16,
        /// Azure's code, such as `InvalidApiVersionParameter`.
        code: Option<Box<str>>,
        /// Azure's code and message.
        said: String,
    },
    /// Azure asked to wait longer than there was time for.
    Throttled(Duration),
    /// Nothing came back, or it broke off.
    Transport(String),
    /// Something came back that is no answer.
    Protocol(String),
    /// The call would have sent a token to a stranger, or returned a secret.
    NotSent(String),
    /// An operation ended, and not well.
    Failed(String),
    /// An operation still runs, and there is no more time to wait for it.
    StillRunning(Duration),
}

impl Error {
    /// An error of a call, by its method and address.
    pub fn new(kind: ErrorKind, call: String) -> Self {
        Self { kind, call, request_id: None, correlation_id: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.call, self.kind)?;
        match (&self.request_id, &self.correlation_id) {
            (Some(id), Some(correlation)) => write!(f, " (request {id}, correlation {correlation})"),
            (Some(id), None) => write!(f, " (request {id})"),
            (None, Some(correlation)) => write!(f, " (correlation {correlation})"),
            (None, None) => Ok(()),
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
            ErrorKind::Forbidden { said, action: None } => {
                write!(f, "403: {said}; see dekey collect --print-permissions")
            }
            ErrorKind::NotFound(said) => write!(f, "404: {said}"),
            ErrorKind::Refused { status, said, .. } => write!(f, "{status}: {said}"),
            ErrorKind::Throttled(waited) => {
                let seconds = waited.as_secs();
                write!(f, "429: Azure asked to wait longer than the {seconds} s there were; try again later")
            }
            ErrorKind::Transport(why) if why.contains("certificate") => {
                write!(f, "no answer: {why}; give the certificate of its authority with --ca-file")
            }
            ErrorKind::Transport(why) => {
                write!(f, "no answer: {why}; check the network, and HTTPS_PROXY if there is one")
            }
            ErrorKind::Protocol(why) => {
                write!(f, "no answer of Azure's: {why}; check what is between here and Azure")
            }
            ErrorKind::NotSent(why) => write!(f, "not sent: {why}"),
            ErrorKind::Failed(why) => write!(f, "the operation failed: {why}"),
            ErrorKind::StillRunning(waited) => {
                write!(
                    f,
                    "the operation still runs after {} s; it goes on without being watched",
                    waited.as_secs()
                )
            }
        }
    }
}

impl std::error::Error for Error {}

/// How much of a message is kept; it is Azure's, and may quote what others wrote.
const MAX_MESSAGE: usize = 600;

/// How deep reasons are looked for in each other.
const MAX_DEPTH: usize = 8;

/// What an answer with an error status means.
pub(crate) fn of_answer(status: u16, body: &[u8]) -> ErrorKind {
    let (code, said) = match serde_json::from_slice::<Value>(body) {
        Ok(value) => {
            // ARM, Machine Learning, Graph and Log Analytics nest it; token endpoints do not.
            let nested = value.get("error").or_else(|| value.get("odata.error"));
            let error = nested.filter(|error| error.is_object()).unwrap_or(&value);
            (code_of(error).map(|code| clean(code).into()), deepest(error))
        }
        Err(_) if body.is_empty() => (None, "no reason given, but an empty body".to_owned()),
        Err(_) => (None, "no reason given, but a body that is not JSON".to_owned()),
    };
    match status {
        401 => ErrorKind::SignIn(said),
        403 => ErrorKind::Forbidden { action: action_in(&said), said },
        404 => ErrorKind::NotFound(said),
        _ => ErrorKind::Refused { status, code, said },
    }
}

fn code_of(error: &Value) -> Option<&str> {
    ["code", "Code", "error"].into_iter().find_map(|name| error.get(name).and_then(Value::as_str))
}

/// Code and message of an error, and what the innermost of its reasons adds.
pub(crate) fn deepest(error: &Value) -> String {
    let one = |error: &Value| {
        let named = |name: &str| match error.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            // Older services say in which language.
            Some(Value::Object(own)) => own.get("value").and_then(Value::as_str).map(str::to_owned),
            _ => None,
        };
        let message = ["message", "Message", "error_description"].into_iter().find_map(named);
        match (code_of(error), message.filter(|text| !text.is_empty())) {
            (Some(code), Some(message)) => Some(format!("{code}: {message}")),
            (Some(code), None) => Some(code.to_owned()),
            (None, message) => message,
        }
    };
    let mut inner = error;
    for _ in 0..MAX_DEPTH {
        let below = ["innererror", "innerError"].into_iter().find_map(|name| inner.get(name));
        let below =
            below.or_else(|| inner.get("details").and_then(Value::as_array).and_then(|list| list.first()));
        let Some(below) = below.filter(|below| below.is_object() && one(below).is_some()) else { break };
        inner = below;
    }
    let outer = one(error).unwrap_or_else(|| "no reason given".to_owned());
    let more =
        one(inner).filter(|_| !std::ptr::eq(inner, error)).filter(|text| !outer.contains(text.as_str()));
    clean(&more.map_or_else(|| outer.clone(), |more| format!("{outer} ({more})")))
}

/// A message as it may be shown: without secrets, not too long.
pub(crate) fn clean(text: &str) -> String {
    let mut said = dekey_model::secret::mask(text).into_owned();
    if said.len() > MAX_MESSAGE {
        let cut = (0..=MAX_MESSAGE).rev().find(|at| said.is_char_boundary(*at)).unwrap_or(0);
        said.truncate(cut);
        said.push('…');
    }
    said
}

/// The action that `AuthorizationFailed` or `LinkedAuthorizationFailed` names as missing.
fn action_in(said: &str) -> Option<String> {
    let (_, linked) = said.split_once("does not have permission to perform action").unwrap_or(("", said));
    let (_, rest) = linked.split_once("(s) '").or_else(|| linked.split_once("to perform action '"))?;
    let (action, _) = rest.split_once('\'')?;
    Some(action.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_envelope_is_understood() {
        for (body, code, expected) in [
            (r#"{"error":{"code":"A","message":"b"}}"#, Some("A"), "A: b"),
            (r#"{"code":"A","message":"b"}"#, Some("A"), "A: b"),
            (
                r#"{"error":"invalid_client","error_description":"AADSTS7000222"}"#,
                Some("invalid_client"),
                "invalid_client: AADSTS7000222",
            ),
            (r#"{"Code":"A"}"#, Some("A"), "A"),
            (r#"{"odata.error":{"code":"A","message":{"lang":"en","value":"b"}}}"#, Some("A"), "A: b"),
            // Log Analytics.
            (
                r#"{"error":{"code":"BadArgumentError","message":"The request had some invalid properties","innererror":{"code":"SemanticError","message":"no such column","innererror":{"code":"SEM0100","message":"'x' is not there"}}}}"#,
                Some("BadArgumentError"),
                "BadArgumentError: The request had some invalid properties (SEM0100: 'x' is not there)",
            ),
            // Machine Learning.
            (
                r#"{"error":{"code":"UserError","message":"bad","details":[{"code":"NoSuch","message":"none"}],"additionalInfo":[{"type":"ComponentName","info":{"value":"managementfrontend"}}]}}"#,
                Some("UserError"),
                "UserError: bad (NoSuch: none)",
            ),
            // Microsoft Graph, whose inner error has ids only.
            (
                r#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges","innerError":{"date":"d","request-id":"r"}}}"#,
                Some("Authorization_RequestDenied"),
                "Authorization_RequestDenied: Insufficient privileges",
            ),
            ("<html>", None, "no reason given, but a body that is not JSON"),
            ("", None, "no reason given, but an empty body"),
            ("[]", None, "no reason given"),
        ] {
            let expected =
                ErrorKind::Refused { status: 400, code: code.map(Into::into), said: expected.to_owned() };
            assert_eq!(of_answer(400, body.as_bytes()), expected);
        }
        let long = format!(r#"{{"error":{{"code":"A","message":"{}"}}}}"#, "ä".repeat(1000));
        assert!(of_answer(400, long.as_bytes()).to_string().len() < MAX_MESSAGE + 20);
    }

    #[test]
    fn a_refusal_names_the_action_that_is_missing() {
        for (code, rest) in [
            (
                "AuthorizationFailed",
                "does not have authorization to perform action 'M.S/a/read' over scope '/s'",
            ),
            (
                "LinkedAuthorizationFailed",
                "has permission to perform action 'M.W/write' on scope '/s'; however, it does not have permission to perform action(s) 'M.S/a/read' on the linked scope(s) '/t'",
            ),
        ] {
            let body = format!(
                r#"{{"error":{{"code":"{code}","message":"The client 'x' with object id 'y' {rest}."}}}}"#
            );
            let kind = of_answer(403, body.as_bytes());
            let error = Error { request_id: Some("r".into()), ..Error::new(kind, "GET /s".to_owned()) };
            let text = error.to_string();
            assert!(text.contains("the action M.S/a/read is not allowed here"), "{text}");
            assert!(text.ends_with("(request r)"));
        }
    }
}
