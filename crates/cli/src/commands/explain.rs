//! `dekey explain`.

use crate::exit::{Error, Exit};
use crate::output::ColorChoice;
use std::io::Write;

pub(crate) fn run(id: &str, color: ColorChoice) -> Result<Exit, Error> {
    let Some(rule) = dekey_rules::by_id(id) else {
        let hint =
            dekey_rules::nearest_rule(id).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        return Err(Error::Usage(format!("there is no rule `{id}`{hint} (`dekey rules` lists them)")));
    };
    let page = dekey_report::page::terminal(rule, crate::output::width(), color.stdout());
    std::io::stdout().lock().write_all(page.as_bytes())?;
    Ok(Exit::Clean)
}
