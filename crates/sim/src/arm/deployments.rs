//! Deployments of templates to a resource group: every resource is a write of its own, by whoever deploys.

use super::row;
use crate::azure::{Azure, Call};
use crate::guid;
use crate::id::{self, Path};
use crate::template::{self, Refused, Scope, Step};
use crate::types;
use crate::wire::{Request, Response};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::cell::Cell;
use std::collections::BTreeMap;

/// The type.
pub(super) const DEPLOYMENT: &str = "microsoft.resources/deployments";

/// Deployments may hold deployments.
const DEPTH: usize = 5;

/// What came of each resource of each deployment, by the deployment's id in lower case.
pub(crate) type DeploymentOperations = BTreeMap<String, Vec<Value>>;

/// A template with what it is to be deployed with.
struct Asked {
    template: Value,
    given: Map<String, Value>,
}

fn invalid(reason: &Refused) -> Response {
    let message = format!("Deployment template validation failed: '{reason}'");
    Response::error(400, "InvalidTemplate", &message)
}

/// The Azure CLI puts the text of a template into its request under a name without quotes, and Resource Manager reads that.
fn lenient(request: &Request<'_>) -> Result<Value, Response> {
    let quoted = || {
        let text = std::str::from_utf8(request.body).ok()?;
        serde_json::from_str(&text.replacen(", template:", ", \"template\":", 1)).ok()
    };
    request.json().or_else(|refused| quoted().ok_or(refused))
}

fn asked(call: &Call<'_>) -> Result<Asked, Response> {
    let body = lenient(call.r)?;
    let wrong = |message: &str| Response::error(400, "InvalidRequestContent", message);
    let properties = body.get("properties").ok_or_else(|| wrong("The request has no properties."))?;
    if properties.get("templateLink").is_some() || properties.get("parametersLink").is_some() {
        return Err(Response::error(
            400,
            "InvalidContentLink",
            "Unable to download deployment content: the simulator fetches nothing, send the template itself.",
        ));
    }
    let mode = properties.get("mode").and_then(Value::as_str).unwrap_or_default();
    if !mode.eq_ignore_ascii_case("Incremental") {
        return Err(wrong("The simulator deploys in the mode 'Incremental' only."));
    }
    let Some(template @ Value::Object(_)) = properties.get("template") else {
        return Err(wrong("The request has no template."));
    };
    let given = properties.get("parameters").and_then(Value::as_object).cloned().unwrap_or_default();
    Ok(Asked { template: template.clone(), given })
}

impl Azure {
    /// PUT of a deployment, its validation, and what came of its resources; nothing when the path is about something else.
    pub(super) fn deployments(&mut self, call: &Call<'_>) -> Option<Result<Response, Response>> {
        let path = id::parse(&with_provider(&call.path));
        if !path.kind.eq_ignore_ascii_case(DEPLOYMENT) {
            return None;
        }
        match (call.r.method, path.tail.as_deref()) {
            ("PUT", None) => Some(self.deploy(call, &path)),
            ("POST", Some(tail)) if tail.eq_ignore_ascii_case("validate") => Some(self.validate(call, &path)),
            ("GET", Some(tail)) if tail.eq_ignore_ascii_case("operations") => {
                Some(self.operations_of(call, &path))
            }
            _ => None,
        }
    }

    fn checked(&mut self, call: &Call<'_>, path: &Path, action: &str) -> Result<Asked, Response> {
        row(&path.kind, call)?;
        self.authorize(call, &format!("Microsoft.Resources/deployments/{action}"), &path.id)?;
        if !self.exists(&path.scope) {
            return Err(self.not_found(path, "write"));
        }
        asked(call)
    }

    /// Runs something with the template's functions at hand.
    fn in_scope<T>(&self, call: &Call<'_>, path: &Path, run: impl FnOnce(Scope<'_>) -> T) -> T {
        let subscription = id::segment(&path.scope, "subscriptions").to_owned();
        let text = |id: &str, pointer: &str| {
            let value = self.store.value(id);
            value
                .as_ref()
                .and_then(|own| own.pointer(pointer)?.as_str().map(str::to_owned))
                .unwrap_or_default()
        };
        let (seed, requests) = (self.options.seed, self.requests());
        run(Scope {
            subscription_name: text(&format!("/subscriptions/{subscription}"), "/displayName"),
            subscription,
            tenant: self.options.tenant.clone(),
            group: id::segment(&path.scope, "resourceGroups").to_owned(),
            location: text(&path.scope, "/location"),
            deployment: id::name(&path.id).to_owned(),
            now: call.r.now,
            guids: &|drawn| guid(seed, &format!("new guid {drawn} of request {requests}")),
            drawn: Cell::new(0),
            find: &|id| self.store.value(id),
            parameters: BTreeMap::new(),
            variables: Value::Null,
            names: BTreeMap::new(),
            depth: Cell::new(0),
        })
    }

    /// Runs something once parameters are checked and the resources are in order.
    fn planned<T>(
        &self,
        call: &Call<'_>,
        path: &Path,
        asked: &Asked,
        run: impl FnOnce(&Scope<'_>, Vec<Step>) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        self.in_scope(call, path, |mut scope| {
            scope.variables = asked.template.get("variables").cloned().unwrap_or_default();
            template::parameters(&asked.template, &asked.given, &mut scope)?;
            let steps = template::steps(&asked.template, &scope)?;
            scope.names = template::names(&steps);
            run(&scope, steps)
        })
    }

    fn validate(&mut self, call: &Call<'_>, path: &Path) -> Result<Response, Response> {
        let asked = self.checked(call, path, "validate/action")?;
        let planned = self.planned(call, path, &asked, |scope, steps| {
            let shown = template::shown_parameters(&asked.template, scope);
            Ok((shown, steps.iter().map(|own| json!({ "id": own.id })).collect::<Vec<_>>()))
        });
        let (parameters, resources) = planned.map_err(|reason| invalid(&reason))?;
        self.foreseen(call, path, &asked)?;
        let properties = json!({
            "mode": "Incremental", "provisioningState": "Succeeded", "parameters": parameters,
            "timestamp": format!("{:.7}", call.r.now), "duration": "PT0S", "validatedResources": resources,
        });
        let body = json!({ "id": path.id, "name": id::name(&path.id), "type": "Microsoft.Resources/deployments",
            "properties": properties });
        Ok(Response::json(200, &body))
    }

    fn deploy(&mut self, call: &Call<'_>, path: &Path) -> Result<Response, Response> {
        let asked = self.checked(call, path, "write")?;
        let own = self.last_action.clone();
        if self.deploying >= DEPTH {
            return Err(invalid(&"deployments are nested too deeply".to_owned()));
        }
        let (parameters, steps) = self
            .planned(call, path, &asked, |scope, steps| {
                Ok((template::shown_parameters(&asked.template, scope), steps))
            })
            .map_err(|reason| invalid(&reason))?;
        self.foreseen(call, path, &asked)?;
        self.deploying += 1;
        let outcome = self.run(call, path, &asked, &steps);
        self.deploying -= 1;
        self.last_action = own;
        let properties = self.told(call, path, &parameters, &steps, &outcome);
        let row = row(&path.kind, call)?;
        let old = self.store.value(&path.id).and_then(|own| own.as_object().cloned());
        let new = Map::from_iter([("properties".to_owned(), properties)]);
        let answer = self.commit(call, row, path, new, old.as_ref());
        if let Err((error, _)) = outcome {
            self.fails(call, &path.id, &error);
        }
        Ok(answer)
    }

    /// Refuses a template over resources that policies will refuse, as far as they are known before anything is made.
    fn foreseen(&mut self, call: &Call<'_>, path: &Path, asked: &Asked) -> Result<(), Response> {
        let planned = self.planned(call, path, asked, |scope, steps| {
            Ok(steps
                .into_iter()
                .filter_map(|step| Some((step.request(scope).ok()?, step)))
                .collect::<Vec<_>>())
        });
        let open = std::mem::take(&mut self.open);
        let mut refused = Vec::new();
        for (body, step) in planned.unwrap_or_default() {
            let (Some(row), Value::Object(body)) = (types::find(&step.kind), body) else { continue };
            let own =
                Call { r: call.r, caller: call.caller.clone(), path: step.id.clone(), version: step.version };
            if let Err(answer) = self.admitted(&own, row, &step.id, body, None) {
                let answer: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                refused.extend(answer.get("error").cloned());
            }
        }
        self.open = open;
        if refused.is_empty() {
            return Ok(());
        }
        let message = "The template deployment failed because of policy violation. Please see details for more information.";
        let error = json!({ "code": "InvalidTemplateDeployment", "message": message, "details": refused });
        Err(Response::json(400, &json!({ "error": error })))
    }

    /// Writes one resource after the other; the error says which could not be written, and when it was over.
    fn run(
        &mut self,
        call: &Call<'_>,
        path: &Path,
        asked: &Asked,
        steps: &[Step],
    ) -> Result<Map<String, Value>, (Value, Timestamp)> {
        let lower = path.id.to_ascii_lowercase();
        self.deployment_operations.insert(lower.clone(), Vec::new());
        for step in steps {
            let body = self.planned(call, path, asked, |scope, _| step.request(scope));
            let answer = match body {
                Ok(body) => self.write_step(call, step, &body),
                Err(reason) => invalid(&reason),
            };
            let operation = operation(call, path, step, &answer);
            self.deployment_operations.entry(lower.clone()).or_default().push(operation);
            if answer.status >= 400 {
                return Err((failed(&answer), call.r.now));
            }
        }
        let outputs = self.planned(call, path, asked, |scope, _| template::outputs(&asked.template, scope));
        outputs.map_err(|reason| (failed(&invalid(&reason)), call.r.now))
    }

    fn write_step(&mut self, call: &Call<'_>, step: &Step, body: &Value) -> Response {
        let (query, body) = (format!("api-version={}", step.version), body.to_string());
        let request = Request {
            method: "PUT",
            path: &step.id,
            query: &query,
            headers: &[],
            body: body.as_bytes(),
            ..*call.r
        };
        let inner = Call {
            r: &request,
            caller: call.caller.clone(),
            path: step.id.clone(),
            version: step.version.clone(),
        };
        self.arm(&inner).unwrap_or_else(|refused| refused)
    }

    fn told(
        &self,
        call: &Call<'_>,
        path: &Path,
        parameters: &Value,
        steps: &[Step],
        outcome: &Result<Map<String, Value>, (Value, Timestamp)>,
    ) -> Value {
        let resources: Vec<Value> = steps
            .iter()
            .filter(|own| self.store.get(&own.id).is_some())
            .map(|own| json!({ "id": own.id }))
            .collect();
        let mut told = json!({
            "templateHash": crate::seeded(self.options.seed, &path.id).to_string(), "parameters": parameters,
            "mode": "Incremental", "provisioningState": "Succeeded", "timestamp": format!("{:.7}", call.r.now),
            "duration": "PT0S", "correlationId": guid(self.options.seed, &format!("deployment {}", self.requests())),
            "providers": [], "dependencies": [], "outputResources": resources,
        });
        if let Value::Object(map) = &mut told {
            match outcome {
                Ok(outputs) if outputs.is_empty() => {}
                Ok(outputs) => {
                    map.insert("outputs".to_owned(), Value::Object(outputs.clone()));
                }
                Err((error, _)) => {
                    map.insert("provisioningState".to_owned(), "Failed".into());
                    map.insert("error".to_owned(), error.clone());
                }
            }
        }
        told
    }

    fn operations_of(&mut self, call: &Call<'_>, path: &Path) -> Result<Response, Response> {
        row(&path.kind, call)?;
        self.authorize(call, "Microsoft.Resources/deployments/operations/read", &path.id)?;
        let Some(found) = self.deployment_operations.get(&path.id.to_ascii_lowercase()) else {
            return Err(self.not_found(path, "read"));
        };
        Ok(Response::json(200, &json!({ "value": found })))
    }
}

/// What came of a resource.
fn operation(call: &Call<'_>, path: &Path, step: &Step, answer: &Response) -> Value {
    let name = guid(0, &format!("{} {}", path.id, step.id)).replace('-', "").to_uppercase();
    let is_bad = answer.status >= 400;
    let (state, code) = match answer.status {
        200 => ("Succeeded", "OK"),
        201 => ("Succeeded", "Created"),
        202 => ("Succeeded", "Accepted"),
        403 => ("Failed", "Forbidden"),
        404 => ("Failed", "NotFound"),
        409 => ("Failed", "Conflict"),
        _ => (if is_bad { "Failed" } else { "Succeeded" }, if is_bad { "BadRequest" } else { "OK" }),
    };
    let mut properties = json!({
        "provisioningOperation": "Create", "provisioningState": state, "timestamp": format!("{:.7}", call.r.now),
        "duration": "PT0S", "trackingId": name, "statusCode": code,
        "targetResource": { "id": step.id, "resourceType": step.kind, "resourceName": step.name },
    });
    if let (true, Value::Object(map)) = (is_bad, &mut properties) {
        map.insert("statusMessage".to_owned(), serde_json::from_slice(&answer.body).unwrap_or_default());
    }
    json!({ "id": format!("{}/operations/{name}", path.id), "operationId": name, "properties": properties })
}

/// The error of a deployment, with that of the resource inside.
fn failed(answer: &Response) -> Value {
    let inner: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    json!({
        "code": "DeploymentFailed",
        "message": "At least one resource deployment operation failed. Please list deployment operations for details. Please see \
                    https://aka.ms/arm-deployment-operations for usage details.",
        "details": [inner.get("error").cloned().unwrap_or_default()],
    })
}

/// What came of a deployment's resources is asked for without the provider.
fn with_provider(path: &str) -> std::borrow::Cow<'_, str> {
    match path.split('/').collect::<Vec<_>>()[..] {
        [_, _, _, _, _, word, _, last]
            if word.eq_ignore_ascii_case("deployments") && last == "operations" =>
        {
            path.replacen(&format!("/{word}/"), "/providers/Microsoft.Resources/deployments/", 1).into()
        }
        _ => path.into(),
    }
}

/// The row of deployments.
pub(super) fn is_deployment(row: &types::Type) -> bool {
    row.name.eq_ignore_ascii_case(DEPLOYMENT)
}
