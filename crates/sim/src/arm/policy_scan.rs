//! Policy states that nobody exported: every resource, judged as it is now.

use crate::azure::{Azure, Call};
use crate::id;
use crate::policy::{Around, Policies};
use crate::types;
use crate::wire::Response;
use dekey_policy::{Assigned, Effect, Outcome, Part, Standing, Subject, Verdict};
use serde_json::{Map, Value, json};

impl Azure {
    /// `triggerEvaluation` at a scope. States are found when somebody asks for them, so the scan has nothing to do; it takes its time.
    pub(super) fn trigger_scan(&mut self, call: &Call<'_>, scope: &str) -> Result<Response, Response> {
        self.authorize(call, "Microsoft.PolicyInsights/policyStates/triggerEvaluation/action", scope)?;
        let Some(row) = types::find(&id::parse(scope).kind) else {
            return Err(self.not_found(&id::parse(scope), "action"));
        };
        if !self.exists(scope) {
            return Err(self.not_found(&id::parse(scope), "action"));
        }
        let until = self.after(call, jiff::SignedDuration::from_secs(30));
        Ok(self.accepted_with(call, row, scope, types::Lro::Location, until, Some(Value::Null)))
    }

    /// The states of everything at or below a scope, in lower case.
    pub(super) fn scanned(&mut self, call: &Call<'_>, scope: &str) -> Vec<Map<String, Value>> {
        let policies = self.policies.of(&self.store);
        let mut found = Vec::new();
        if policies.assigned().is_empty() {
            return found;
        }
        let kinds: Vec<String> = self.store.types().map(str::to_owned).collect();
        for kind in kinds {
            for (id, resource) in self.store.below(&kind, "/subscriptions", None) {
                let is_here = id == scope
                    || id::covers(scope, id)
                    || (scope.contains("/managementgroups/")
                        && crate::access::above(&self.store, id).iter().any(|own| own == scope));
                if !is_here {
                    continue;
                }
                let Ok(value) = serde_json::from_str::<Value>(&resource.body.text()) else { continue };
                self.scan(call, &policies, &value, &mut found);
            }
        }
        found
    }

    fn scan(&self, call: &Call<'_>, policies: &Policies, value: &Value, found: &mut Vec<Map<String, Value>>) {
        let subject = Subject::new(value);
        let own = subject.id().to_owned();
        // Groups go by another name where policies name their type.
        let subject = subject.with_id(&own);
        let around = Around::new(&self.store, &own, call.r.now, None);
        let around = around.surroundings();
        for assigned in policies.assigned() {
            for outcome in assigned.judge(&subject, &around, policies.exemptions()) {
                if let Some((state, verdict)) = state_of(&outcome) {
                    found.push(self.record(call, assigned, outcome.part, &subject, (state, verdict)));
                }
            }
        }
    }

    fn record(
        &self,
        call: &Call<'_>,
        assigned: &Assigned,
        part: &Part,
        subject: &Subject<'_>,
        (state, verdict): (&str, &Verdict),
    ) -> Map<String, Value> {
        let assignment = &assigned.assignment;
        let definition = self.store.value(&part.definition).unwrap_or_default();
        let text = |of: &Value, pointer: &str| of.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let is_set = !assignment.target.eq_ignore_ascii_case(&part.definition);
        let set = is_set.then_some(assignment.target.as_str());
        let action = match verdict {
            Verdict::Compliant(effect) | Verdict::NonCompliant(effect) => Some(effect.name().to_owned()),
            _ => definition
                .pointer("/properties/policyRule/then/effect")
                .and_then(Value::as_str)
                .filter(|own| !own.starts_with('['))
                .map(str::to_owned),
        };
        let given: Map<String, Value> =
            assignment.parameters.iter().map(|(name, own)| (name.clone(), json!({ "value": own }))).collect();
        let own = json!({
            "@odata.id": null, "timestamp": format!("{:.0}", call.r.now), "resourceId": subject.id(),
            "policyAssignmentId": assignment.id, "policyDefinitionId": part.definition, "effectiveParameters": null,
            "isCompliant": state != "NonCompliant",
            "subscriptionId": id::segment(subject.id(), "subscriptions"),
            "resourceType": subject.resource_type(),
            "resourceLocation": subject.location(), "resourceGroup": id::segment(subject.id(), "resourceGroups"),
            "resourceTags": null, "policyAssignmentName": id::name(&assignment.id), "policyAssignmentOwner": null,
            "policyAssignmentParameters": dekey_model::secret::mask(&Value::Object(given).to_string()),
            "policyAssignmentScope": assignment.scope, "policyDefinitionName": id::name(&part.definition),
            "policyDefinitionAction": action,
            "policyDefinitionCategory": text(&definition, "/properties/metadata/category"),
            "policySetDefinitionId": set, "policySetDefinitionName": set.map(id::name),
            "policySetDefinitionOwner": null, "policySetDefinitionCategory": null, "policySetDefinitionParameters": null,
            "managementGroupIds": managed_by(&crate::access::above(&self.store, subject.id())),
            "policyDefinitionReferenceId": is_set.then_some(part.reference.as_str()),
            "complianceState": state, "policyDefinitionVersion": text(&definition, "/properties/version"),
        });
        if let Value::Object(map) = own { map } else { Map::new() }
    }
}

fn managed_by(above: &[String]) -> String {
    above.iter().map(|own| id::name(own)).collect::<Vec<_>>().join(",")
}

/// The compliance state that an outcome has in Azure, if it has one. What is not judged here is unknown.
fn state_of<'o>(outcome: &'o Outcome<'_>) -> Option<(&'static str, &'o Verdict)> {
    match &outcome.standing {
        Standing::Exempt { verdict: Verdict::NotApplicable(_), .. }
        | Standing::Excluded
        | Standing::Elsewhere => None,
        Standing::Exempt { verdict, .. } => Some(("Exempt", verdict)),
        Standing::Judged(verdict) => match verdict {
            Verdict::NotApplicable(_) => None,
            // Effects of actions and of providers have no states of resources.
            Verdict::Compliant(effect) | Verdict::NonCompliant(effect) if *effect == Effect::AuditAction => {
                None
            }
            // Whatever keeps resources from being deleted says nothing against them.
            Verdict::Compliant(_) | Verdict::NonCompliant(Effect::DenyAction) => Some(("Compliant", verdict)),
            Verdict::NonCompliant(_) | Verdict::Failed(_) => Some(("NonCompliant", verdict)),
            Verdict::NotJudged(_) => Some(("Unknown", verdict)),
        },
    }
}
