//! `lumen-server client`, `account` and `keys`: what is administered on the server's own machine.

use super::{DataArgs, StoreArgs};
use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use server_stub::{Admin, ClientAuthentication, ClientDocument, ClientRegistration, ServerConfig};
use service_api::identity::Role;
use std::{
    io::{self, Write},
    process::ExitCode,
};

#[derive(Debug, Args)]
pub(super) struct ClientArgs {
    #[command(subcommand)]
    command: ClientCommand,
}

#[derive(Debug, Subcommand)]
enum ClientCommand {
    /// Registers an app, or replaces its registration; prints its new secret once
    Add(AddArgs),
    /// Lists the registered apps
    List(PlaceArgs),
    /// Removes an app
    Remove {
        /// Its id
        id: String,
        #[command(flatten)]
        place: PlaceArgs,
    },
}

#[derive(Debug, Args)]
struct AddArgs {
    /// Its id
    id: String,
    /// As the consent page names it
    #[arg(long)]
    name: String,
    /// Where answers may go: https://…, http://127.0.0.1/… (any port) or a scheme in reverse domain order
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// How it proves who it is
    #[arg(long, value_enum, default_value = "basic")]
    auth: Auth,
    /// Scopes that it may ask for [default: all]
    #[arg(long, value_delimiter = ',')]
    scopes: Vec<String>,
    /// May sign in devices without a browser
    #[arg(long)]
    device_grant: bool,
    /// Is ours: nobody is asked for consent
    #[arg(long)]
    first_party: bool,
    /// May ask about tokens of other apps
    #[arg(long)]
    resource_server: bool,
    /// Must prove possession of a key for its tokens (DPoP)
    #[arg(long)]
    require_dpop: bool,
    /// Must push its requests to the server (PAR)
    #[arg(long)]
    require_par: bool,
    /// Algorithm of its id tokens: RS256, ES256 or EdDSA
    #[arg(long, default_value = "RS256")]
    id_token_alg: String,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Which server is administered.
#[derive(Debug, Args)]
struct PlaceArgs {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    stores: StoreArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Auth {
    /// Installed on machines of other people: no secret
    None,
    /// HTTP Basic
    Basic,
    /// In the form
    Post,
}

#[derive(Debug, Args)]
pub(super) struct AccountArgs {
    #[command(subcommand)]
    command: AccountCommand,
}

#[derive(Debug, Subcommand)]
enum AccountCommand {
    /// Gives an account a role: viewer, owner, qa, editor, support or admin; signs it out everywhere
    Role {
        /// Its address
        email: String,
        /// The role
        #[arg(value_parser = role)]
        role: Role,
        #[command(flatten)]
        place: PlaceArgs,
    },
}

#[derive(Debug, Args)]
pub(super) struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Begins new keys for id tokens: published at once, used after a day
    Rotate(PlaceArgs),
}

fn role(text: &str) -> Result<Role, String> {
    Role::from_name(text).ok_or_else(|| "choose from viewer, owner, qa, editor, support, admin".to_owned())
}

pub(super) async fn client(args: ClientArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        ClientCommand::Add(args) => {
            let admin = open(&args.place).await?;
            let secret = (!matches!(args.auth, Auth::None)).then(Admin::new_secret);
            let registration = registration(args, secret.clone());
            admin.add_client(&registration).await?;
            if let Some(secret) = secret {
                say(&secret)?;
            }
            admin.close().await;
        }
        ClientCommand::List(place) => {
            let admin = open(&place).await?;
            for (id, name) in admin.clients().await? {
                say(&format!("{id}\t{name}"))?;
            }
            admin.close().await;
        }
        ClientCommand::Remove { id, place } => {
            let admin = open(&place).await?;
            if !admin.remove_client(&id).await? {
                bail!("there is no client {id}");
            }
            admin.close().await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn account(args: AccountArgs) -> anyhow::Result<ExitCode> {
    let AccountCommand::Role { email, role, place } = args.command;
    let admin = open(&place).await?;
    admin.set_role(&email, role).await?;
    admin.close().await;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn keys(args: KeysArgs) -> anyhow::Result<ExitCode> {
    let KeysCommand::Rotate(place) = args.command;
    let admin = open(&place).await?;
    admin.rotate_keys().await?;
    admin.close().await;
    Ok(ExitCode::SUCCESS)
}

async fn open(PlaceArgs { data, stores }: &PlaceArgs) -> anyhow::Result<Admin> {
    let mut config = ServerConfig::new(data.folder()?);
    stores.apply(&mut config)?;
    Ok(Admin::open(&config).await?)
}

fn registration(args: AddArgs, secret: Option<String>) -> ClientRegistration {
    let mut document = ClientDocument::new(args.name, args.redirect_uris);
    document.authentication = match args.auth {
        Auth::None => ClientAuthentication::None,
        Auth::Basic => ClientAuthentication::ClientSecretBasic,
        Auth::Post => ClientAuthentication::ClientSecretPost,
    };
    if !args.scopes.is_empty() {
        document.scopes = args.scopes;
    }
    document.device_grant = args.device_grant;
    document.first_party = args.first_party;
    document.resource_server = args.resource_server;
    document.require_dpop = args.require_dpop;
    document.require_par = args.require_par;
    document.id_token_alg = args.id_token_alg;
    ClientRegistration { id: args.id, secret, document }
}

fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}
