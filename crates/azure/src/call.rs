//! What may be sent, and to whom. Everything that leaves for Azure passes [`Call::check`] first.

use crate::cloud::{Cloud, Service};
use crate::error::{Error, ErrorKind};
use crate::quota::Bucket;
use azure_core::http::Method;
use serde_json::Value;
use url::Url;

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Reads.
    Get,
    /// Reads with a question that is sent as a POST.
    Ask,
    /// Makes or replaces.
    Put,
    /// Changes in part.
    Patch,
    /// Removes.
    Delete,
    /// Acts: a POST that is made once, whatever comes of it.
    Act,
}

impl Verb {
    /// Its method on the wire.
    pub fn method(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::Ask | Verb::Act => "POST",
            Verb::Put => "PUT",
            Verb::Patch => "PATCH",
            Verb::Delete => "DELETE",
        }
    }

    /// Whether making the call twice comes to the same as making it once.
    pub fn may_be_repeated(self) -> bool {
        self != Verb::Act
    }

    fn writes(self) -> bool {
        !matches!(self, Verb::Get | Verb::Ask)
    }
}

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) service: Service,
    pub(crate) verb: Verb,
    pub(crate) url: Url,
    pub(crate) body: Option<Value>,
    /// `If-Match` or `If-None-Match`.
    pub(crate) only_if: Option<(&'static str, String)>,
}

/// The POSTs that read, with the end of their paths.
const QUESTIONS: &[(Service, &str)] = &[
    (Service::Arm, "/providers/Microsoft.ResourceGraph/resources"),
    (Service::Arm, "/providers/Microsoft.PolicyInsights/policyStates/latest/queryResults"),
    (Service::Graph, "/directoryObjects/getByIds"),
    (Service::Logs, "/query"),
];

/// Actions that give out, or make, what dekey removes, without regard to case. They are not sent with any method.
const SECRETS: &[&str] = &[
    "listkeys",
    "listsecrets",
    "listcredentials",
    "listconnectionstrings",
    "listadminkeys",
    "listquerykeys",
    "listsharedkeys",
    "listauthkeys",
    "listapikeys",
    "listaccountsas",
    "listservicesas",
    "listnotebookkeys",
    "listnotebookaccesstoken",
    "liststorageaccountkeys",
    "listclusteradmincredential",
    "listclusterusercredential",
    "listclustermonitoringusercredential",
    "listcallbackurl",
    "generatecredentials",
    "addpassword",
    "addkey",
    "addtokensigningcertificate",
    "token",
    "getaccesstoken",
    "preparenotebook",
];

impl Call {
    pub(crate) fn get(service: Service, url: Url) -> Self {
        Self { service, verb: Verb::Get, url, body: None, only_if: None }
    }

    pub(crate) fn ask(service: Service, url: Url, question: Value) -> Self {
        Self { service, verb: Verb::Ask, url, body: Some(question), only_if: None }
    }

    pub(crate) fn http_method(&self) -> Method {
        match self.verb {
            Verb::Get => Method::Get,
            Verb::Ask | Verb::Act => Method::Post,
            Verb::Put => Method::Put,
            Verb::Patch => Method::Patch,
            Verb::Delete => Method::Delete,
        }
    }

    /// Method and address, without the values of the query.
    pub(crate) fn name(&self) -> String {
        let host = self.url.host_str().unwrap_or("?");
        format!("{} {host}{}", self.verb.method(), self.url.path())
    }

    pub(crate) fn failed(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.name())
    }

    pub(crate) fn bucket(&self) -> Bucket {
        match self.service {
            Service::Graph => return Bucket::Graph,
            Service::Logs => return Bucket::Logs,
            Service::Arm if self.url.path().ends_with("/providers/Microsoft.ResourceGraph/resources") => {
                return Bucket::ResourceGraph;
            }
            Service::Arm => {}
        }
        let mut segments = self.url.path().split('/').skip(1);
        match (segments.next(), segments.next()) {
            (Some(own), Some(id)) if own.eq_ignore_ascii_case("subscriptions") && !id.is_empty() => {
                let id = id.to_ascii_lowercase();
                if self.verb.writes() { Bucket::Writes(id) } else { Bucket::Subscription(id) }
            }
            _ => Bucket::Tenant,
        }
    }

    /// What must hold before a token is put on it.
    pub(crate) fn check(&self, cloud: &Cloud) -> Result<(), ErrorKind> {
        if !cloud.is_at(self.service, &self.url) {
            let host = self.url.host_str().unwrap_or("?");
            let own = cloud.endpoint(self.service).map_or_else(|| "any service".to_owned(), Url::to_string);
            return Err(ErrorKind::NotSent(format!("{host} is not {own}, and its token goes nowhere else")));
        }
        if returns_secrets(&self.url) {
            return Err(ErrorKind::NotSent("dekey makes no call that gives out keys or secrets".to_owned()));
        }
        let path = self.url.path();
        let asks = |row: &&(Service, &str)| row.0 == self.service && path.ends_with(row.1);
        if self.verb == Verb::Ask && !QUESTIONS.iter().any(|row| asks(&row)) {
            return Err(ErrorKind::NotSent("only queries are sent as a POST".to_owned()));
        }
        Ok(())
    }
}

/// Whether an address ends in an action that gives out secrets, however it is spelled.
fn returns_secrets(url: &Url) -> bool {
    let path = url.path().trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or("");
    let plain = percent_encoding::percent_decode_str(last).decode_utf8_lossy().to_ascii_lowercase();
    SECRETS.contains(&plain.as_str()) || plain.starts_with("regenerate")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_that_returns_a_secret_is_sent_whatever_its_spelling() {
        let cloud = Cloud::public().unwrap();
        for action in [
            "listKeys",
            "LISTKEYS",
            "listkeys/",
            "list%4Beys",
            "listSecrets",
            "listsecrets",
            "listCredentials",
            "listConnectionStrings",
            "listAccountSas",
            "regenerateKey",
            "regenerateCredential",
            "token",
        ] {
            let url =
                Url::parse(&format!("https://management.azure.com/subscriptions/s/x/{action}?a=b")).unwrap();
            for verb in [Verb::Get, Verb::Ask, Verb::Put, Verb::Patch, Verb::Delete, Verb::Act] {
                let call = Call { verb, ..Call::get(Service::Arm, url.clone()) };
                assert!(matches!(call.check(&cloud), Err(ErrorKind::NotSent(_))), "{verb:?} {action}");
            }
        }
        for fine in
            ["datastores/mykeys", "resyncKeys", "tokens", "listkeys/datastores", "revokeUserDelegationKeys"]
        {
            let url = Url::parse(&format!("https://management.azure.com/subscriptions/s/x/{fine}")).unwrap();
            assert_eq!(Call::get(Service::Arm, url).check(&cloud), Ok(()), "{fine}");
        }
    }

    #[test]
    fn only_known_questions_are_asked() {
        let cloud = Cloud::public().unwrap();
        for (service, url, expected) in [
            (Service::Arm, "https://management.azure.com/providers/Microsoft.ResourceGraph/resources", true),
            (Service::Arm, "https://management.azure.com/subscriptions/s/query", false),
            (Service::Arm, "https://management.azure.com/subscriptions/s/x/start", false),
            (
                Service::Arm,
                "https://management.azure.com/subscriptions/s/providers/Microsoft.PolicyInsights/policyStates/latest/queryResults",
                true,
            ),
            (
                Service::Arm,
                "https://management.azure.com/subscriptions/s/providers/Microsoft.PolicyInsights/policyStates/latest/triggerEvaluation",
                false,
            ),
            (Service::Graph, "https://graph.microsoft.com/v1.0/directoryObjects/getByIds", true),
            (Service::Graph, "https://graph.microsoft.com/v1.0/users", false),
            (Service::Logs, "https://api.loganalytics.io/v1/workspaces/w/query", true),
        ] {
            let call = Call::ask(service, Url::parse(url).unwrap(), Value::Null);
            assert_eq!(call.check(&cloud).is_ok(), expected, "{url}");
        }
    }
}
