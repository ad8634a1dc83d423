//! The whole: state, and who answers a request.

use crate::access::{self, Access};
use crate::directory::Directory;
use crate::fault::Faults;
use crate::login::{Caller, Identity, Mint, Refusal, Service};
use crate::resource_graph::{Cache, Changes};
use crate::store::Store;
use crate::throttle::{Limits, Operation, Throttle};
use crate::wire::{Request, Response, decode};
use crate::{guid, seeded};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap};

/// How an Azure behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Everything random depends on this alone.
    pub seed: u64,
    /// The Entra tenant.
    pub tenant: String,
    /// Who can sign in, and what each may do. The first is also the managed identity of the machine.
    pub callers: Vec<(Caller, Vec<Grant>)>,
    /// Whether role assignments take time to be noticed.
    pub lag: bool,
    /// How far Resource Graph is behind.
    pub graph_lag: SignedDuration,
    /// Seconds that a token lives.
    pub token_life: i64,
    /// The application permissions of Microsoft Graph that callers have.
    pub graph: Vec<String>,
    /// How long an operation takes at most, when it is to be over sooner than Azure's.
    pub operation_time: Option<SignedDuration>,
    /// How many requests are answered.
    pub throttle: Throttle,
    /// What goes wrong.
    pub faults: Faults,
}

/// A role at a scope.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The name or GUID of a built-in role.
    pub role: String,
    /// Where it is assigned; `/` is the tenant.
    pub scope: String,
}

impl Options {
    /// One caller who may do everything, nothing that lags.
    pub fn new(seed: u64) -> Self {
        Self::with_roles(seed, &[("Owner", "/")])
    }

    /// One caller with roles at scopes.
    pub fn with_roles(seed: u64, grants: &[(&str, &str)]) -> Self {
        let caller = Caller {
            app_id: guid(seed, "app of the operator"),
            object_id: guid(seed, "principal of the operator"),
            name: "sim-operator".to_owned(),
            secret: guid(seed, "sign-in of the operator"),
            certificate: None,
        };
        let grants = grants
            .iter()
            .map(|(role, scope)| Grant { role: (*role).to_owned(), scope: (*scope).to_owned() })
            .collect();
        Self {
            seed,
            tenant: dekey_tenant::TENANT_ID.to_owned(),
            callers: vec![(caller, grants)],
            lag: false,
            graph_lag: SignedDuration::ZERO,
            token_life: 3600,
            graph: ["Application.Read.All", "GroupMember.Read.All", "User.ReadBasic.All"]
                .map(str::to_owned)
                .to_vec(),
            operation_time: None,
            throttle: Throttle::Off,
            faults: Faults::default(),
        }
    }
}

/// What a resource was before a write at a time; nothing when it was not there.
pub(crate) type Was = (Timestamp, Option<Box<str>>);

/// An Azure.
pub struct Azure {
    pub(crate) options: Options,
    pub(crate) store: Store,
    pub(crate) mint: Mint,
    pub(crate) cache: Cache,
    pub(crate) changes: Changes,
    /// What resources were before each write, oldest first; nothing before they were made.
    pub(crate) history: HashMap<Box<str>, Vec<Was>>,
    pub(crate) limits: Limits,
    pub(crate) operations: HashMap<String, crate::arm::Operation>,
    /// When, what, and whether for good.
    pub(crate) deleting: Vec<(Timestamp, String, bool)>,
    pub(crate) soft_deleted: crate::arm::SoftDeleted,
    /// How often a key was made again, by its name and the id of its resource.
    pub(crate) keys_made: BTreeMap<String, u32>,
    /// How often the identity of a resource came to an end, by id in lower case.
    pub(crate) identities_made: BTreeMap<String, u32>,
    pub(crate) deleted_vaults: crate::arm::DeletedVaults,
    pub(crate) deployment_operations: crate::arm::DeploymentOperations,
    /// How many deployments are under way, one in the other.
    pub(crate) deploying: usize,
    pub(crate) directory: Directory,
    pub(crate) activity: crate::arm::Activity,
    pub(crate) policies: crate::policy::Compiled,
    /// What policies could not be judged on the request at hand.
    pub(crate) open: Vec<String>,
    /// How often each of them was not, by reason.
    not_judged: BTreeMap<String, u64>,
    /// The action and scope that the request at hand was about.
    pub(crate) last_action: Option<(String, String)>,
    requests: u64,
    actions: BTreeMap<String, u64>,
}

impl std::fmt::Debug for Azure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Azure")
            .field("resources", &self.store.len())
            .field("requests", &self.requests)
            .finish_non_exhaustive()
    }
}

/// A request to Resource Manager from somebody known.
pub(crate) struct Call<'c> {
    pub(crate) r: &'c Request<'c>,
    pub(crate) caller: Identity,
    /// The path, decoded, with single slashes.
    pub(crate) path: String,
    pub(crate) version: String,
}

impl Azure {
    /// An Azure without resources, but with the built-in roles and what the callers may do.
    pub fn new(options: Options) -> Self {
        let mut store = Store::default();
        for (id, value) in access::built_in() {
            store.put(&id, value.to_string(), None);
        }
        for (caller, grants) in &options.callers {
            for (at, grant) in grants.iter().enumerate() {
                let role = access::role_guid(&grant.role).unwrap_or_else(|| grant.role.clone());
                let name = guid(options.seed, &format!("grant {at} {}", caller.object_id));
                let time = "2021-05-01T08:00:00.0000000Z";
                let (id, value) = access::assignment(
                    &name,
                    &grant.scope,
                    &role,
                    &caller.object_id,
                    "ServicePrincipal",
                    time,
                );
                store.put(&id, value.to_string(), None);
            }
        }
        let mint = Mint::new(options.seed, &options.tenant, options.token_life);
        Self {
            options,
            store,
            mint,
            cache: Cache::default(),
            changes: Changes::default(),
            history: HashMap::new(),
            limits: Limits::default(),
            operations: HashMap::new(),
            deleting: Vec::new(),
            soft_deleted: crate::arm::SoftDeleted::new(),
            keys_made: BTreeMap::new(),
            identities_made: BTreeMap::new(),
            deleted_vaults: crate::arm::DeletedVaults::new(),
            deployment_operations: crate::arm::DeploymentOperations::new(),
            deploying: 0,
            directory: Directory::default(),
            activity: crate::arm::Activity::default(),
            policies: crate::policy::Compiled::default(),
            open: Vec::new(),
            not_judged: BTreeMap::new(),
            last_action: None,
            requests: 0,
            actions: BTreeMap::new(),
        }
    }

    /// How many resources there are.
    pub fn resources(&self) -> usize {
        self.store.len()
    }

    /// How many requests were answered.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// How often each action was asked for, allowed or not: `Microsoft.Storage/storageAccounts/listKeys/action`, ….
    pub fn actions(&self) -> &BTreeMap<String, u64> {
        &self.actions
    }

    /// How often a policy that could have refused a request was not judged, by the reason. Such requests go on.
    pub fn not_judged(&self) -> &BTreeMap<String, u64> {
        &self.not_judged
    }

    /// Counts what was not judged, and says so on an answer.
    pub(crate) fn tell_open(&mut self, response: Response) -> Response {
        let open = std::mem::take(&mut self.open);
        let Some(first) = open.first().cloned() else { return response };
        let told = format!("{}; {}", open.len(), first.escape_default());
        for why in open {
            *self.not_judged.entry(why).or_default() += 1;
        }
        response.with("x-simulator-policies-not-judged", told)
    }

    /// Answers a request.
    pub fn handle(&mut self, r: &Request<'_>) -> Response {
        self.requests += 1;
        let path = clean(r.path);
        let draw = self.draw("fault");
        let fault = self.options.faults.next(&path, draw);
        let response = match fault.as_ref().and_then(crate::fault::Fault::instead) {
            Some(response) => response,
            None => self.route(r, path).unwrap_or_else(|refusal| refusal),
        };
        if fault.as_ref().is_some_and(crate::fault::Fault::fails) {
            self.fail_announced(&response);
        }
        let response = match fault {
            Some(fault) => fault.spoil(response),
            None => response,
        };
        self.dressed(r, response)
    }

    fn route(&mut self, r: &Request<'_>, path: String) -> Result<Response, Response> {
        let lower = path.to_ascii_lowercase();
        if let Some(response) = self.sign_in(r, &lower) {
            return Ok(response);
        }
        if r.body.len() > 4 << 20 {
            // The limit that Resource Manager documents for templates; nobody sends more by right.
            return Err(Response::error(
                413,
                "RequestContentTooLarge",
                "The request content size exceeds the maximum size of '4 MB'.",
            ));
        }
        if let Some(answer) = self.graph(r, &path).or_else(|| self.logs(r, &path)) {
            return answer;
        }
        let caller = self.authenticate(r, Service::Arm)?;
        let told = self.limit(r, &caller, &lower)?;
        let version = version(r)?;
        let answer = self.arm(&Call { r, caller, path, version });
        let tell =
            |response: Response| told.into_iter().fold(response, |own, (name, value)| own.with(name, value));
        match answer {
            Ok(response) => Ok(tell(response)),
            Err(response) => Err(tell(response)),
        }
    }

    /// Counts a request against the limits.
    fn limit(
        &mut self,
        r: &Request<'_>,
        caller: &Identity,
        path: &str,
    ) -> Result<Vec<(String, String)>, Response> {
        if self.options.throttle == Throttle::Off {
            return Ok(Vec::new());
        }
        if path == "/providers/microsoft.resourcegraph/resources" {
            return self.limits.query(&caller.object_id, r.now);
        }
        let subscription = crate::id::segment(path, "subscriptions");
        self.limits.request(&caller.object_id, subscription, Operation::of(r.method), r.now)
    }

    /// Who sends a request.
    pub(crate) fn authenticate(&self, r: &Request<'_>, service: Service) -> Result<Identity, Response> {
        self.mint
            .check(r.header("authorization"), service, r.base, r.now)
            .map_err(|refusal| self.refuse(refusal))
    }

    fn refuse(&self, refusal: Refusal) -> Response {
        let (code, message) = match refusal {
            Refusal::Missing => {
                ("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
            }
            Refusal::Malformed => ("InvalidAuthenticationToken", "The access token is invalid."),
            Refusal::Expired => (
                "ExpiredAuthenticationToken",
                "The access token expiry UTC time is earlier than current UTC time.",
            ),
            Refusal::Audience => (
                "InvalidAuthenticationTokenAudience",
                "The access token has been obtained for wrong audience or resource. It should exactly match with one of the \
                 allowed audiences.",
            ),
        };
        let challenge = format!(
            "Bearer authorization_uri=\"https://login.microsoftonline.com/{}\", error=\"invalid_token\", error_description=\"{message}\"",
            self.options.tenant
        );
        Response::error(401, code, message).with("WWW-Authenticate", challenge)
    }

    /// The object ids of a caller and of the groups that the caller is in, however deep.
    pub(crate) fn principals(&self, caller: &Identity) -> Vec<String> {
        self.with_groups(&caller.object_id)
    }

    /// An object id, and those of the groups that it is in, however deep.
    pub(crate) fn with_groups(&self, object: &str) -> Vec<String> {
        let read = |body: &str| -> Vec<String> {
            let value: Option<serde_json::Value> = serde_json::from_str(body).ok();
            let lists = ["/properties/members", "/properties/transitiveMembers"].iter();
            let members = lists.filter_map(|list| value.as_ref()?.pointer(list)?.as_array());
            members.flatten().filter_map(|own| own.as_str()).map(str::to_ascii_lowercase).collect()
        };
        let groups: Vec<(String, Vec<String>)> = self
            .store
            .below("microsoft.graph/groups", "", None)
            .map(|(id, own)| (crate::id::name(id).to_owned(), read(&own.body.text())))
            .collect();
        let mut all = vec![object.to_ascii_lowercase()];
        let mut at = 0;
        while let Some(own) = all.get(at).cloned() {
            at += 1;
            for (group, members) in &groups {
                if members.contains(&own) && !all.contains(group) {
                    all.push(group.clone());
                }
            }
        }
        all
    }

    /// A resource as it was at a moment.
    pub(crate) fn as_it_was(&self, id: &str, time: Timestamp) -> Option<serde_json::Value> {
        let before = self.history.get(id).and_then(|all| all.iter().find(|(at, _)| *at > time));
        match before {
            Some((_, body)) => serde_json::from_str(body.as_deref()?).ok(),
            None => self.store.value(id),
        }
    }

    /// What a caller may do.
    pub(crate) fn access<'a>(&'a self, principals: &'a [String], now: Timestamp) -> Access<'a> {
        Access { store: &self.store, principals, seed: self.options.seed, lag: self.options.lag, now }
    }

    /// Refuses an action that the caller's roles do not allow, in Azure's words.
    pub(crate) fn authorize(&mut self, call: &Call<'_>, action: &str, scope: &str) -> Result<(), Response> {
        *self.actions.entry(action.to_owned()).or_default() += 1;
        self.last_action = Some((action.to_owned(), scope.to_owned()));
        let principals = self.principals(&call.caller);
        let lower = if scope.is_empty() { "/".to_owned() } else { scope.to_ascii_lowercase() };
        if self.access(&principals, call.r.now).may(action, &lower) {
            return self.unlocked(action, scope);
        }
        let Identity { object_id, app_id, .. } = &call.caller;
        Err(Response::error(
            403,
            "AuthorizationFailed",
            &format!(
                "The client '{app_id}' with object id '{object_id}' does not have authorization to perform action '{action}' \
                 over scope '{}' or the scope is invalid. If access was recently granted, please refresh your credentials.",
                if scope.is_empty() { "/" } else { scope }
            ),
        ))
    }

    /// Adds what every answer has.
    fn dressed(&self, r: &Request<'_>, response: Response) -> Response {
        let seed = self.options.seed;
        let request_id = guid(seed, &format!("request {}", self.requests));
        let correlation =
            r.header("x-ms-correlation-request-id").map_or_else(|| request_id.clone(), str::to_owned);
        let time = r.now.strftime("%Y%m%dT%H%M%SZ");
        let routing = format!("SIMULATED:{time}:{request_id}");
        let response = response
            .with("Date", r.now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
            .with("Cache-Control", "no-cache")
            .with("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
            .with("X-Content-Type-Options", "nosniff")
            .with("x-ms-request-id", request_id)
            .with("x-ms-correlation-request-id", correlation)
            .with("x-ms-routing-request-id", routing);
        match r.header("x-ms-client-request-id") {
            Some(own)
                if r.header("x-ms-return-client-request-id")
                    .is_some_and(|own| own.eq_ignore_ascii_case("true")) =>
            {
                response.with("x-ms-client-request-id", own.to_owned())
            }
            _ => response,
        }
    }

    /// A random number that depends on the seed and the number of the request alone.
    pub(crate) fn draw(&self, purpose: &str) -> u64 {
        seeded(self.options.seed, &format!("{purpose} {}", self.requests))
    }
}

/// The path decoded, with single slashes, and without one at the end.
fn clean(path: &str) -> String {
    let decoded = decode(path, false);
    let mut out = String::with_capacity(decoded.len());
    for segment in decoded.split('/').filter(|segment| !segment.is_empty()) {
        out.push('/');
        out.push_str(segment);
    }
    out
}

/// The api-version of a request.
fn version(r: &Request<'_>) -> Result<String, Response> {
    let version = r.param("api-version").filter(|own| !own.is_empty()).ok_or_else(|| {
        Response::error(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    })?;
    let date = version.split_once('-').and_then(|_| version.get(..10)).unwrap_or("");
    if date.parse::<jiff::civil::Date>().is_err() {
        let message = format!("The api-version '{}' is invalid.", version.escape_default());
        return Err(Response::error(400, "InvalidApiVersionParameter", &message));
    }
    Ok(version.into_owned())
}
