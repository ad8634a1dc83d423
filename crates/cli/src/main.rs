//! Takes the static keys out of Azure Machine Learning.
fn main() {}
