//! Which Azure: where its services are, and for whom their tokens are.

use serde::Deserialize;
use url::Url;

/// A service that is called. A token for one is never sent to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Azure Resource Manager, with Resource Graph.
    Arm,
    /// Microsoft Graph.
    Graph,
    /// Log Analytics.
    Logs,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 3] = [Self::Arm, Self::Graph, Self::Logs];

    /// Its name, as Microsoft has it.
    pub fn name(self) -> &'static str {
        match self {
            Service::Arm => "Azure Resource Manager",
            Service::Graph => "Microsoft Graph",
            Service::Logs => "Log Analytics",
        }
    }
}

/// What the host names of resources end in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suffixes {
    /// Of vaults, such as `vault.azure.net`.
    pub vault: String,
    /// Of storage accounts, such as `core.windows.net`.
    pub storage: String,
    /// Of container registries, such as `azurecr.io`.
    pub registry: String,
}

/// A cloud as it is described by hand.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Custom {
    /// Its name.
    pub name: String,
    /// Where tokens come from.
    pub authority: String,
    /// The Resource Manager.
    pub resource_manager: String,
    /// For whom its tokens are, when that is not its own address.
    pub resource_manager_audience: Option<String>,
    /// Microsoft Graph.
    pub microsoft_graph: String,
    /// Log Analytics, when there is one.
    pub log_analytics: Option<String>,
    /// What host names end in.
    pub suffixes: Option<Suffixes>,
}

/// Endpoints of one Azure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    /// Its name, as the Azure CLI has it.
    pub name: String,
    /// Where tokens come from.
    pub authority: Url,
    /// What host names of resources end in, where that is known.
    pub suffixes: Option<Suffixes>,
    arm: Endpoint,
    graph: Endpoint,
    logs: Option<Endpoint>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Endpoint {
    url: Url,
    audience: String,
}

/// Name, authority, ARM, Microsoft Graph, Log Analytics; what vaults, storage accounts and registries end in.
const KNOWN: &[[&str; 8]] = &[
    [
        "AzureCloud",
        "https://login.microsoftonline.com",
        "https://management.azure.com",
        "https://graph.microsoft.com",
        "https://api.loganalytics.io",
        "vault.azure.net",
        "core.windows.net",
        "azurecr.io",
    ],
    [
        "AzureUSGovernment",
        "https://login.microsoftonline.us",
        "https://management.usgovcloudapi.net",
        "https://graph.microsoft.us",
        "https://api.loganalytics.us",
        "vault.usgovcloudapi.net",
        "core.usgovcloudapi.net",
        "azurecr.us",
    ],
    [
        "AzureChinaCloud",
        "https://login.chinacloudapi.cn",
        "https://management.chinacloudapi.cn",
        "https://microsoftgraph.chinacloudapi.cn",
        "https://api.loganalytics.azure.cn",
        "vault.azure.cn",
        "core.chinacloudapi.cn",
        "azurecr.cn",
    ],
];

/// Why a cloud cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloudError {
    /// Nobody knows the name.
    #[error(
        "no cloud is called `{0}`: expected AzureCloud, AzureUSGovernment, AzureChinaCloud, or the https address of a Resource Manager"
    )]
    Unknown(String),
    /// An endpoint that cannot be called.
    #[error("`{0}` is no endpoint: expected an https address without user, query or fragment")]
    Endpoint(String),
    /// A description that is none.
    #[error("no description of a cloud: {0}")]
    Described(String),
    /// The metadata of a Resource Manager lack something.
    #[error("the metadata of the Resource Manager do not name {0}")]
    Metadata(&'static str),
}

/// What a Resource Manager says at `/metadata/endpoints`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: Option<String>,
    authentication: Option<Authentication>,
    microsoft_graph_resource_id: Option<String>,
    log_analytics_resource_id: Option<String>,
    #[serde(default)]
    suffixes: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authentication {
    login_endpoint: Option<String>,
    #[serde(default)]
    audiences: Vec<String>,
}

impl Cloud {
    /// Azure, as most people have it.
    pub fn public() -> Result<Self, CloudError> {
        Self::named("AzureCloud")
    }

    /// A cloud by the name that the Azure CLI has for it, in any case.
    pub fn named(name: &str) -> Result<Self, CloudError> {
        let row = KNOWN.iter().find(|row| row.first().is_some_and(|own| own.eq_ignore_ascii_case(name)));
        let Some([name, authority, arm, graph, logs, vault, storage, registry]) = row else {
            return Err(CloudError::Unknown(name.to_owned()));
        };
        let text = |text: &&str| (*text).to_owned();
        Self::custom(&Custom {
            name: text(name),
            authority: text(authority),
            resource_manager: text(arm),
            resource_manager_audience: None,
            microsoft_graph: text(graph),
            log_analytics: Some(text(logs)),
            suffixes: Some(Suffixes { vault: text(vault), storage: text(storage), registry: text(registry) }),
        })
    }

    /// A cloud as it is described by hand.
    pub fn custom(custom: &Custom) -> Result<Self, CloudError> {
        let url = address(&custom.resource_manager)?;
        let audience = custom.resource_manager_audience.clone();
        Ok(Self {
            name: custom.name.clone(),
            authority: address(&custom.authority)?,
            suffixes: custom.suffixes.clone(),
            arm: Endpoint { url, audience: audience.unwrap_or_else(|| custom.resource_manager.clone()) },
            graph: Endpoint::own(&custom.microsoft_graph)?,
            logs: custom.log_analytics.as_deref().map(Endpoint::own).transpose()?,
        })
    }

    /// A cloud as a table `[cloud]` of TOML describes it.
    pub fn of_toml(text: &str) -> Result<Self, CloudError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Described {
            cloud: Custom,
        }
        let described: Described =
            toml::from_str(text).map_err(|error| CloudError::Described(error.to_string()))?;
        Self::custom(&described.cloud)
    }

    /// A cloud from the metadata of its Resource Manager, which older ones give as a list.
    pub fn of_metadata(arm: &str, metadata: &serde_json::Value) -> Result<Self, CloudError> {
        let own = metadata.as_array().and_then(|list| list.first()).unwrap_or(metadata);
        let read: Metadata =
            serde_json::from_value(own.clone()).map_err(|_| CloudError::Metadata("its endpoints"))?;
        let authentication = read.authentication.ok_or(CloudError::Metadata("who signs people in"))?;
        let authority = authentication.login_endpoint.ok_or(CloudError::Metadata("who signs people in"))?;
        let graph = read.microsoft_graph_resource_id.ok_or(CloudError::Metadata("Microsoft Graph"))?;
        let suffix = |name: &str| Some(read.suffixes.get(name)?.as_str()?.trim_start_matches('.').to_owned());
        let suffixes = || {
            let (vault, storage) = (suffix("keyVaultDns")?, suffix("storage")?);
            Some(Suffixes { vault, storage, registry: suffix("acrLoginServer")? })
        };
        Self::custom(&Custom {
            name: read.name.clone().unwrap_or_else(|| "custom".to_owned()),
            authority,
            resource_manager: arm.to_owned(),
            resource_manager_audience: authentication.audiences.into_iter().next(),
            microsoft_graph: graph,
            log_analytics: read.log_analytics_resource_id.clone(),
            suffixes: suffixes(),
        })
    }

    /// Where a service is, if the cloud has it.
    pub fn endpoint(&self, service: Service) -> Option<&Url> {
        self.of(service).map(|own| &own.url)
    }

    /// The scope of a token for a service.
    pub fn scope(&self, service: Service) -> Option<String> {
        self.of(service).map(|own| format!("{}/.default", own.audience.trim_end_matches('/')))
    }

    fn of(&self, service: Service) -> Option<&Endpoint> {
        match service {
            Service::Arm => Some(&self.arm),
            Service::Graph => Some(&self.graph),
            Service::Logs => self.logs.as_ref(),
        }
    }

    /// Whether an address belongs to a service, so that its token may be sent there.
    pub fn is_at(&self, service: Service, url: &Url) -> bool {
        let Some(own) = self.endpoint(service) else { return false };
        url.scheme() == "https"
            && url.host() == own.host()
            && url.port_or_known_default() == own.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none()
    }
}

impl Endpoint {
    /// An endpoint whose tokens are for itself.
    fn own(url: &str) -> Result<Self, CloudError> {
        Ok(Self { url: address(url)?, audience: url.to_owned() })
    }
}

fn address(text: &str) -> Result<Url, CloudError> {
    let bad = || CloudError::Endpoint(text.to_owned());
    let url = Url::parse(text).map_err(|_| bad())?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if url.scheme() != "https" || url.host().is_none() || !plain || url.fragment().is_some() {
        return Err(bad());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tokens_are_for_the_service_and_stay_there() {
        let cloud = Cloud::named("azureusgovernment").unwrap();
        assert_eq!(cloud.scope(Service::Arm).unwrap(), "https://management.usgovcloudapi.net/.default");
        assert_eq!(cloud.scope(Service::Graph).unwrap(), "https://graph.microsoft.us/.default");
        for (url, expected) in [
            ("https://management.usgovcloudapi.net/subscriptions?x=1", true),
            ("https://MANAGEMENT.usgovcloudapi.net:443/", true),
            ("http://management.usgovcloudapi.net/", false),
            ("https://management.usgovcloudapi.net:444/", false),
            ("https://management.usgovcloudapi.net@evil.example/", false),
            ("https://user@management.usgovcloudapi.net/", false),
            ("https://management.usgovcloudapi.net.evil.example/", false),
            ("https://graph.microsoft.us/", false),
        ] {
            assert_eq!(cloud.is_at(Service::Arm, &Url::parse(url).unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn metadata_describe_a_cloud_in_both_shapes() {
        let one = json!({ "name": "Sim", "authentication": { "loginEndpoint": "https://[::1]:8443/",
            "audiences": ["https://management.core.windows.net/"] },
            "suffixes": { "keyVaultDns": ".vault.localhost", "storage": "core.localhost", "acrLoginServer": "acr.localhost" },
            "microsoftGraphResourceId": "https://localhost:8443/graph/" });
        let cloud = Cloud::of_metadata("https://localhost:8443", &one).unwrap();
        assert_eq!(cloud.scope(Service::Arm).unwrap(), "https://management.core.windows.net/.default");
        assert_eq!(cloud.authority.as_str(), "https://[::1]:8443/");
        assert_eq!(cloud.suffixes.as_ref().unwrap().vault, "vault.localhost");
        assert_eq!(cloud.endpoint(Service::Logs), None, "nothing is guessed");
        assert!(!cloud.is_at(Service::Logs, &Url::parse("https://localhost:8443/graph/").unwrap()));
        assert_eq!(Cloud::of_metadata("https://localhost:8443", &json!([one])).unwrap(), cloud);
        assert!(matches!(Cloud::of_metadata("https://a", &json!({})), Err(CloudError::Metadata(_))));
        assert!(matches!(Cloud::of_metadata("http://a", &one), Err(CloudError::Endpoint(_))));
        assert!(matches!(Cloud::named("x"), Err(CloudError::Unknown(_))));
    }

    #[test]
    fn a_cloud_can_be_described_by_hand() {
        let text = "[cloud]
            name = 'Private'
            authority = 'https://login.private.example'
            resource_manager = 'https://[::1]:8443'
            microsoft_graph = 'https://graph.private.example'\n";
        let cloud = Cloud::of_toml(text).unwrap();
        assert_eq!(cloud.scope(Service::Arm).unwrap(), "https://[::1]:8443/.default");
        assert!(cloud.is_at(Service::Arm, &Url::parse("https://[::1]:8443/subscriptions").unwrap()));
        assert!(!cloud.is_at(Service::Arm, &Url::parse("https://[::2]:8443/subscriptions").unwrap()));
        for (from, to) in
            [("'Private'", "'Private'\nname_of = 'x'"), ("https://login", "http://login"), ("name", "nam")]
        {
            assert!(Cloud::of_toml(&text.replacen(from, to, 1)).is_err(), "{to}");
        }
    }
}
