//! Volumes.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::super::Text;
use super::{List, Named, Pairs, Present};

/// One volume of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Volume<'a> {
    /// Its name.
    pub name: Text<'a>,
    /// Where its content comes from: one source, or what an object that no API
    /// server has validated claims to have.
    pub sources: Vec<Source<'a>>,
}

/// Where a volume's content comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source<'a> {
    /// `hostPath`: a folder of the node, by its path.
    HostPath(Text<'a>),
    /// `gitRepo`: a repository that the kubelet clones, by running git on the node.
    GitRepo,
    /// `secret`: a Secret's name.
    Secret(Text<'a>),
    /// `configMap`: a `ConfigMap`'s name.
    ConfigMap(Text<'a>),
    /// `downwardAPI`: fields of the pod as files.
    DownwardApi(Box<DownwardApi<'a>>),
    /// `projected`: several sources in one.
    Projected(List<Projection<'a>>),
    /// `csi`: a driver's volume that lives as long as the pod.
    Csi(Box<Csi<'a>>),
    /// `persistentVolumeClaim`: a claim's name.
    Claim(Text<'a>),
    /// `ephemeral`: a claim made with the pod.
    Ephemeral(Box<ClaimSpec<'a>>),
    /// One of the old kinds that can name a Secret, which the kubelet reads.
    Old {
        /// The field with the kind's name, as `rbd`.
        kind: &'static str,
        /// The Secret it names, with the field that does.
        secret: Option<(&'static str, Text<'a>)>,
    },
    /// `image`: an image's reference.
    Image(Text<'a>),
    /// Any other kind, by its field: `emptyDir`, `nfs`, …
    Other(Text<'a>),
}

/// The old kinds that can name a Secret, with the field that does.
const OLD_KINDS: [(&str, &str); 8] = [
    ("azureFile", "azureFile.secretName"),
    ("cephfs", "cephfs.secretRef.name"),
    ("cinder", "cinder.secretRef.name"),
    ("flexVolume", "flexVolume.secretRef.name"),
    ("iscsi", "iscsi.secretRef.name"),
    ("rbd", "rbd.secretRef.name"),
    ("scaleIO", "scaleIO.secretRef.name"),
    ("storageos", "storageos.secretRef.name"),
];

impl<'a> Source<'a> {
    /// Reads the value of the field `kind`; `None` for `null`.
    fn read<'de: 'a, A: MapAccess<'de>>(
        kind: Text<'a>,
        map: &mut A,
    ) -> Result<Option<Self>, A::Error> {
        if let Some((known, field)) = OLD_KINDS.iter().find(|(known, _)| *known == &*kind) {
            let named: Option<Names<'a>> = map.next_value()?;
            return Ok(named.map(|names| Self::Old {
                kind: known,
                secret: names.secret(field).map(|name| (*field, name)),
            }));
        }
        Ok(match kind.as_str() {
            "hostPath" => map
                .next_value::<Option<Names<'a>>>()?
                .map(|names| Self::HostPath(names.path.unwrap_or_default())),
            "gitRepo" => map.next_value::<Option<Present>>()?.map(|_| Self::GitRepo),
            "secret" => map
                .next_value::<Option<Names<'a>>>()?
                .map(|names| Self::Secret(names.secret_name.unwrap_or_default())),
            "configMap" => map
                .next_value::<Option<Names<'a>>>()?
                .map(|names| Self::ConfigMap(names.name.unwrap_or_default())),
            "downwardAPI" => map
                .next_value::<Option<DownwardApi<'a>>>()?
                .map(|downward| Self::DownwardApi(Box::new(downward))),
            "projected" => map
                .next_value::<Option<Projected<'a>>>()?
                .map(|projected| Self::Projected(projected.sources)),
            "csi" => map
                .next_value::<Option<Csi<'a>>>()?
                .map(|csi| Self::Csi(Box::new(csi))),
            "persistentVolumeClaim" => map
                .next_value::<Option<Names<'a>>>()?
                .map(|names| Self::Claim(names.claim_name.unwrap_or_default())),
            "ephemeral" => map.next_value::<Option<Ephemeral<'a>>>()?.map(|ephemeral| {
                let claim = ephemeral.volume_claim_template.unwrap_or_default();
                Self::Ephemeral(Box::new(claim.spec))
            }),
            "image" => map
                .next_value::<Option<Names<'a>>>()?
                .map(|names| Self::Image(names.reference.unwrap_or_default())),
            _ => map
                .next_value::<Option<Present>>()?
                .map(|_| Self::Other(kind)),
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Volume<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for Fields<'a> {
            type Value = Volume<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a volume")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut volume = Volume::default();
                while let Some(field) = map.next_key::<Text<'a>>()? {
                    if field.as_str() == "name" {
                        volume.name = map.next_value::<Option<Text<'a>>>()?.unwrap_or_default();
                    } else if let Some(source) = Source::read(field, &mut map)? {
                        volume.sources.push(source);
                    }
                }
                Ok(volume)
            }
        }

        deserializer.deserialize_map(Fields(PhantomData))
    }
}

/// The names that the kinds of source give, in whichever field.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Names<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    secret_name: Option<Text<'a>>,
    #[serde(borrow)]
    secret_ref: Option<Named<'a>>,
    #[serde(borrow)]
    claim_name: Option<Text<'a>>,
    #[serde(borrow)]
    reference: Option<Text<'a>>,
    #[serde(borrow)]
    path: Option<Text<'a>>,
}

impl<'a> Names<'a> {
    /// The Secret, by the field that the kind has.
    fn secret(self, field: &str) -> Option<Text<'a>> {
        if field.ends_with("secretName") {
            self.secret_name
        } else {
            self.secret_ref.map(|secret| secret.name)
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Projected<'a> {
    #[serde(borrow)]
    sources: List<Projection<'a>>,
}

/// One part of a projected volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Projection<'a> {
    /// A Secret.
    #[serde(borrow)]
    pub secret: Option<Named<'a>>,
    /// A `ConfigMap`.
    #[serde(borrow)]
    pub config_map: Option<Named<'a>>,
    /// A token of the pod's service account.
    #[serde(borrow)]
    pub service_account_token: Option<TokenProjection<'a>>,
    /// A certificate for the pod.
    pub pod_certificate: Option<Present>,
}

/// `serviceAccountToken` of a projected volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TokenProjection<'a> {
    /// For whom; the API server itself where absent.
    #[serde(borrow)]
    pub audience: Option<Text<'a>>,
    /// The file below the mount.
    #[serde(borrow)]
    pub path: Text<'a>,
}

/// `downwardAPI`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DownwardApi<'a> {
    /// The files.
    #[serde(borrow)]
    pub items: List<DownwardFile<'a>>,
    /// The mode of files without one.
    pub default_mode: Option<i64>,
}

/// One file of a downward API volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DownwardFile<'a> {
    /// Where, below the mount.
    #[serde(borrow)]
    pub path: Text<'a>,
    /// Its mode.
    pub mode: Option<i64>,
    /// The pod's field it shows.
    #[serde(borrow)]
    pub field_ref: Option<FieldRef<'a>>,
}

/// A field of the pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FieldRef<'a> {
    /// As `metadata.annotations['key']`.
    #[serde(borrow)]
    pub field_path: Text<'a>,
}

/// `csi`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Csi<'a> {
    /// The driver.
    #[serde(borrow)]
    pub driver: Text<'a>,
    /// The Secret its node part is given.
    #[serde(borrow)]
    pub node_publish_secret_ref: Option<Named<'a>>,
    /// What the driver is told.
    #[serde(borrow)]
    pub volume_attributes: Pairs<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Ephemeral<'a> {
    #[serde(borrow)]
    volume_claim_template: Option<ClaimTemplate<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ClaimTemplate<'a> {
    #[serde(borrow)]
    spec: ClaimSpec<'a>,
}

/// `spec` of a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimSpec<'a> {
    /// Whose content it starts with.
    #[serde(borrow)]
    pub data_source: Option<DataSource<'a>>,
    /// The newer field for the same.
    #[serde(borrow)]
    pub data_source_ref: Option<DataSource<'a>>,
    /// The very volume it is to be bound to.
    #[serde(borrow)]
    pub volume_name: Option<Text<'a>>,
}

/// Another claim, or a snapshot, whose content is copied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct DataSource<'a> {
    /// `PersistentVolumeClaim`, `VolumeSnapshot`, …
    #[serde(borrow)]
    pub kind: Text<'a>,
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Its namespace, where it is another.
    #[serde(borrow)]
    pub namespace: Option<Text<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_volume_by_its_field() {
        for (text, expected) in [
            (
                r#"{"name":"v","hostPath":{"path":"/"}}"#,
                Source::HostPath("/".into()),
            ),
            (
                r#"{"secret":{"secretName":"s"},"name":"v"}"#,
                Source::Secret("s".into()),
            ),
            (
                r#"{"name":"v","configMap":{"name":"c"}}"#,
                Source::ConfigMap("c".into()),
            ),
            (
                r#"{"name":"v","persistentVolumeClaim":{"claimName":"c"}}"#,
                Source::Claim("c".into()),
            ),
            (
                r#"{"name":"v","rbd":{"secretRef":{"name":"s"}}}"#,
                Source::Old {
                    kind: "rbd",
                    secret: Some(("rbd.secretRef.name", "s".into())),
                },
            ),
            (
                r#"{"name":"v","azureFile":{"secretName":"s"}}"#,
                Source::Old {
                    kind: "azureFile",
                    secret: Some(("azureFile.secretName", "s".into())),
                },
            ),
            (
                r#"{"name":"v","emptyDir":{}}"#,
                Source::Other("emptyDir".into()),
            ),
        ] {
            let volume: Volume<'_> = serde_json::from_str(text).expect(text);
            assert_eq!(&*volume.name, "v", "{text}");
            assert_eq!(volume.sources, [expected], "{text}");
        }
        let nothing: Volume<'_> =
            serde_json::from_str(r#"{"name":"v","hostPath":null}"#).expect("null");
        assert_eq!(nothing.sources, []);
    }
}
