//! The cheapest choice that covers everything, with a proof that none is cheaper.
//!
//! A choice costs what each of its members costs, and what all of them bring along that nobody asked for: each such thing once, however
//! many bring it. The search branches on something that is not covered yet: one of the candidates that cover it has to be
//! chosen. Where it stops it notes why, so that the notes can be checked without searching again ([`Proof::holds`]).

use std::collections::BTreeSet;

/// What is to be covered, with what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// How many things are to be covered; they are numbered from 0.
    pub needs: u32,
    /// What each unwanted thing costs.
    pub weights: Vec<u64>,
    /// What can be chosen.
    pub candidates: Vec<Candidate>,
}

/// Something that can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidate {
    /// Which needs it covers.
    pub covers: BTreeSet<u32>,
    /// Which unwanted things it brings along.
    pub brings: BTreeSet<u32>,
    /// What it costs by itself.
    pub price: u64,
}

/// What came of the search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cover {
    /// The cheapest choice.
    Proven(Choice),
    /// Nothing covers these needs.
    Impossible(Vec<u32>),
    /// The search was broken off; this is the best it had met, if it had met any.
    GaveUp(Option<(Vec<u32>, u64)>),
}

/// A choice that covers everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The candidates, in order.
    pub chosen: Vec<u32>,
    /// What they cost together.
    pub cost: u64,
    /// Why none is cheaper.
    pub proof: Proof,
}

/// Why no choice is cheaper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Candidates that another is at least as good as: it covers as much, brings no more along and is no dearer.
    pub replaced: Vec<(u32, u32)>,
    /// The search over the others.
    pub search: Step,
}

/// A place in the search, and why it was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Everything is covered, and it is no cheaper.
    Covered,
    /// Whatever covers this need is too dear.
    TooDear(u32),
    /// Prices of the needs that are open. What a candidate costs is at least the prices of what it covers, and all prices
    /// together are too much.
    Prices(Vec<(u32, u64)>),
    /// One of the candidates that cover a need has to be chosen: every way was followed, each without the ones before it.
    Ways(u32, Vec<(u32, Step)>),
}

/// Where a search is.
#[derive(Clone, Debug, Default)]
struct Place {
    chosen: BTreeSet<u32>,
    barred: BTreeSet<u32>,
    covered: BTreeSet<u32>,
    brought: BTreeSet<u32>,
    cost: u64,
}

impl Problem {
    fn candidate(&self, ix: u32) -> Option<&Candidate> {
        self.candidates.get(ix as usize)
    }

    fn weight(&self, thing: u32) -> u64 {
        self.weights.get(thing as usize).copied().unwrap_or(0)
    }

    /// What a choice costs.
    pub fn cost(&self, chosen: &[u32]) -> u64 {
        let all: BTreeSet<u32> = chosen.iter().copied().collect();
        let members = || all.iter().filter_map(|ix| self.candidate(*ix));
        let brought: BTreeSet<u32> = members().flat_map(|own| &own.brings).copied().collect();
        members().map(|own| own.price).sum::<u64>()
            + brought.iter().map(|thing| self.weight(*thing)).sum::<u64>()
    }

    /// Whether a choice covers everything.
    pub fn is_covered(&self, chosen: &[u32]) -> bool {
        let covered: BTreeSet<u32> =
            chosen.iter().filter_map(|ix| self.candidate(*ix)).flat_map(|own| &own.covers).copied().collect();
        (0..self.needs).all(|need| covered.contains(&need))
    }

    /// What a candidate costs on top of what is chosen already.
    fn on_top(&self, own: &Candidate, place: &Place) -> u64 {
        let new = own.brings.iter().filter(|thing| !place.brought.contains(thing));
        own.price + new.map(|thing| self.weight(*thing)).sum::<u64>()
    }

    fn choose(&self, place: &Place, ix: u32) -> Place {
        let mut next = place.clone();
        if let Some(own) = self.candidate(ix) {
            next.cost += self.on_top(own, place);
            next.chosen.insert(ix);
            next.covered.extend(&own.covers);
            next.brought.extend(&own.brings);
        }
        next
    }

    fn open(&self, place: &Place) -> Vec<u32> {
        (0..self.needs).filter(|need| !place.covered.contains(need)).collect()
    }

    /// The candidates that may still be chosen for a need.
    fn ways<'a>(&'a self, place: &'a Place, need: u32) -> impl Iterator<Item = (u32, &'a Candidate)> {
        (0u32..)
            .zip(&self.candidates)
            .filter(move |(ix, own)| own.covers.contains(&need) && !place.barred.contains(ix))
    }

    /// Candidates that another is at least as good as. Of two that are equal the first stays.
    fn replaced(&self) -> Vec<(u32, u32)> {
        let better = |(a, one): (u32, &Candidate), (b, other): (u32, &Candidate)| {
            a != b && is_as_good(other, one) && !(is_as_good(one, other) && a < b)
        };
        let all = || (0u32..).zip(&self.candidates);
        let stays: Vec<(u32, &Candidate)> =
            all().filter(|one| !all().any(|other| better(*one, other))).collect();
        let goes = all().filter(|(a, _)| !stays.iter().any(|(b, _)| a == b));
        goes.filter_map(|(a, one)| {
            let by = stays.iter().find(|(_, other)| is_as_good(other, one))?;
            Some((a, by.0))
        })
        .collect()
    }

    /// The cheapest choice, looked for in at most so many places.
    pub fn solve(&self, most: usize) -> Cover {
        let missing: Vec<u32> = (0..self.needs)
            .filter(|need| !self.candidates.iter().any(|own| own.covers.contains(need)))
            .collect();
        if !missing.is_empty() {
            return Cover::Impossible(missing);
        }
        let replaced = self.replaced();
        let barred = replaced.iter().map(|pair| pair.0).collect();
        let mut search = Search { problem: self, best: None, left: most };
        let steps = search.follow(&Place { barred, ..Place::default() });
        match (steps, search.best) {
            (Some(steps), Some((chosen, cost))) => {
                Cover::Proven(Choice { chosen, cost, proof: Proof { replaced, search: steps } })
            }
            (_, best) => Cover::GaveUp(best),
        }
    }

    /// Prices for the open needs by which no candidate is worth more than it costs: each is raised as far as it goes.
    fn prices(&self, place: &Place, open: &[u32]) -> Vec<(u32, u64)> {
        let mut budgets = self.budgets(place, open);
        let mut order: Vec<u32> = open.to_vec();
        order.sort_by_key(|need| (self.ways(place, *need).count(), *need));
        let mut prices = Vec::new();
        for need in order {
            let price = self.ways(place, need).filter_map(|(ix, _)| budgets.get(ix as usize)).min().copied();
            let price = price.unwrap_or(0);
            for (ix, _) in self.ways(place, need) {
                if let Some(budget) = budgets.get_mut(ix as usize) {
                    *budget = budget.saturating_sub(price);
                }
            }
            prices.push((need, price));
        }
        prices
    }

    /// What each candidate costs at least, whatever else is chosen: its price, and an even share of each new thing it brings.
    fn budgets(&self, place: &Place, open: &[u32]) -> Vec<u64> {
        let mut sharers = vec![0u64; self.weights.len()];
        let is_of_use = |ix: u32, own: &Candidate| {
            !place.barred.contains(&ix) && open.iter().any(|need| own.covers.contains(need))
        };
        for (_, own) in (0u32..).zip(&self.candidates).filter(|(ix, own)| is_of_use(*ix, own)) {
            for thing in &own.brings {
                if let Some(count) = sharers.get_mut(*thing as usize) {
                    *count += 1;
                }
            }
        }
        let share = |thing: &u32| {
            self.weight(*thing).checked_div(sharers.get(*thing as usize).copied().unwrap_or(0)).unwrap_or(0)
        };
        let of = |own: &Candidate| {
            own.price
                + own.brings.iter().filter(|thing| !place.brought.contains(thing)).map(share).sum::<u64>()
        };
        self.candidates.iter().map(of).collect()
    }
}

/// Whether a candidate can stand for another in any choice.
fn is_as_good(own: &Candidate, other: &Candidate) -> bool {
    own.price <= other.price && own.covers.is_superset(&other.covers) && own.brings.is_subset(&other.brings)
}

struct Search<'a> {
    problem: &'a Problem,
    best: Option<(Vec<u32>, u64)>,
    left: usize,
}

impl Search<'_> {
    fn is_too_dear(&self, cost: u64) -> bool {
        self.best.as_ref().is_some_and(|best| cost >= best.1)
    }

    /// Follows every way from a place; nothing when there were too many.
    fn follow(&mut self, place: &Place) -> Option<Step> {
        self.left = self.left.checked_sub(1)?;
        let problem = self.problem;
        let open = problem.open(place);
        if open.is_empty() {
            if !self.is_too_dear(place.cost) {
                self.best = Some((place.chosen.iter().copied().collect(), place.cost));
            }
            return Some(Step::Covered);
        }
        let cheapest =
            |need: &u32| problem.ways(place, *need).map(|(_, own)| problem.on_top(own, place)).min();
        let dear =
            open.iter().find(|need| cheapest(need).is_none_or(|least| self.is_too_dear(place.cost + least)));
        if let Some(need) = dear {
            return Some(Step::TooDear(*need));
        }
        let prices = problem.prices(place, &open);
        if self.is_too_dear(place.cost + prices.iter().map(|price| price.1).sum::<u64>()) {
            return Some(Step::Prices(prices));
        }
        // The need with the fewest ways; the cheapest way first, so that a good choice is met early.
        let need = open.into_iter().min_by_key(|need| (problem.ways(place, *need).count(), *need))?;
        let mut ways: Vec<(u64, u32)> =
            problem.ways(place, need).map(|(ix, own)| (problem.on_top(own, place), ix)).collect();
        ways.sort_unstable();
        let mut place = place.clone();
        let mut followed = Vec::new();
        for (_, ix) in ways {
            followed.push((ix, self.follow(&problem.choose(&place, ix))?));
            place.barred.insert(ix);
        }
        Some(Step::Ways(need, followed))
    }
}

impl Proof {
    /// Whether this proves that nothing covers a problem for less than a cost. Nothing of the search is trusted.
    pub fn holds(&self, problem: &Problem, cost: u64) -> bool {
        let barred: BTreeSet<u32> = self.replaced.iter().map(|pair| pair.0).collect();
        let replaced = self.replaced.iter().all(|(ix, by)| {
            let (one, other) = (problem.candidate(*ix), problem.candidate(*by));
            !barred.contains(by) && one.zip(other).is_some_and(|(one, other)| is_as_good(other, one))
        });
        replaced && check(&self.search, problem, &Place { barred, ..Place::default() }, cost)
    }
}

fn check(step: &Step, problem: &Problem, place: &Place, cost: u64) -> bool {
    let open = problem.open(place);
    match step {
        Step::Covered => open.is_empty() && place.cost >= cost,
        Step::TooDear(need) => {
            let is_dear = |(_, own): (u32, &Candidate)| place.cost + problem.on_top(own, place) >= cost;
            open.contains(need) && problem.ways(place, *need).all(is_dear)
        }
        Step::Prices(prices) => {
            let budgets = problem.budgets(place, &open);
            let needs: BTreeSet<u32> = prices.iter().map(|price| price.0).collect();
            let fair = (0u32..).zip(&problem.candidates).zip(budgets).all(|((ix, own), budget)| {
                let worth = prices.iter().filter(|price| own.covers.contains(&price.0)).map(|price| price.1);
                place.barred.contains(&ix) || worth.sum::<u64>() <= budget
            });
            let all = place.cost + prices.iter().map(|price| price.1).sum::<u64>();
            fair && needs.len() == prices.len() && needs.iter().all(|need| open.contains(need)) && all >= cost
        }
        Step::Ways(need, ways) => {
            let expected: BTreeSet<u32> = problem.ways(place, *need).map(|(ix, _)| ix).collect();
            let named: BTreeSet<u32> = ways.iter().map(|way| way.0).collect();
            let mut place = place.clone();
            open.contains(need)
                && named == expected
                && ways.iter().all(|(ix, step)| {
                    let holds = check(step, problem, &problem.choose(&place, *ix), cost);
                    place.barred.insert(*ix);
                    holds
                })
        }
    }
}
