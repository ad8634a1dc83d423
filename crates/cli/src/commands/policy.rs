//! `dekey policy`.

mod explain;
mod guard;
mod pack;
mod simulate;
mod status;
mod test;

use crate::args::PolicyCommand;
use crate::exit::{Error, Exit};
use crate::output::ColorChoice;

pub(crate) fn run(command: &PolicyCommand, color: ColorChoice) -> Result<Exit, Error> {
    match command {
        PolicyCommand::Pack(args) => pack::run(args, color),
        PolicyCommand::Simulate(args) => simulate::run(args, color),
        PolicyCommand::Status(args) => status::run(args, color),
        PolicyCommand::Test(args) => test::run(args, color),
        PolicyCommand::Explain(args) => explain::run(args, color),
    }
}
