//! Says who it is: `client [profile NAME]`.

use aws_config::BehaviorVersion;
use aws_smithy_http_client::Builder;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let loader = aws_config::defaults(BehaviorVersion::latest()).http_client(Builder::new().build_http());
    let config = match (args.next().as_deref(), args.next()) {
        (Some("profile"), Some(name)) => loader.profile_name(name).load().await,
        _ => loader.load().await,
    };
    let identity = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await?;
    println!("{{\"arn\":\"{}\"}}", identity.arn().unwrap_or_default());
    Ok(())
}
