//! Volumes.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::super::Text;
use super::{List, Named, Pairs, Present};
use crate::json::{Fill, Place, filled};

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
        let old = OLD_KINDS.iter().find(|(known, _)| *known == &*kind);
        Ok(match (kind.as_str(), old) {
            (_, Some((kind, field))) => {
                let secret = if field.ends_with("secretName") {
                    only(map, "secretName")?
                } else {
                    let secret = only::<Option<Named<'a>>, A>(map, "secretRef")?;
                    secret.map(|secret| secret.map(|secret| secret.name))
                };
                secret.map(|secret| Self::Old {
                    kind,
                    secret: secret.map(|name| (*field, name)),
                })
            }
            ("hostPath", _) => only(map, "path")?.map(Self::HostPath),
            ("gitRepo", _) => map.next_value::<Option<Present>>()?.map(|_| Self::GitRepo),
            ("secret", _) => only(map, "secretName")?.map(Self::Secret),
            ("configMap", _) => only(map, "name")?.map(Self::ConfigMap),
            ("downwardAPI", _) => whole(map)?.map(Self::DownwardApi),
            ("projected", _) => only(map, "sources")?.map(Self::Projected),
            ("csi", _) => whole(map)?.map(Self::Csi),
            ("persistentVolumeClaim", _) => only(map, "claimName")?.map(Self::Claim),
            ("ephemeral", _) => {
                let claim = only::<Option<ClaimTemplate<'a>>, A>(map, "volumeClaimTemplate")?;
                claim.map(|claim| Self::Ephemeral(Box::new(claim.unwrap_or_default().spec)))
            }
            ("image", _) => only(map, "reference")?.map(Self::Image),
            _ => map
                .next_value::<Option<Present>>()?
                .map(|_| Self::Other(kind)),
        })
    }
}

/// The whole of a source; `None` for `null`.
fn whole<'de, T: Fill<'de>, A: MapAccess<'de>>(map: &mut A) -> Result<Option<T>, A::Error> {
    let mut value = None;
    map.next_value_seed(Place(&mut value))?;
    Ok(value)
}

/// One field of a source, as its default where it is absent; `None` where the
/// source is `null`.
fn only<'de, T: Fill<'de>, A: MapAccess<'de>>(
    map: &mut A,
    field: &'static str,
) -> Result<Option<T>, A::Error> {
    map.next_value_seed(Only(field, PhantomData))
}

struct Only<T>(&'static str, PhantomData<T>);

impl<'de, T: Fill<'de>> DeserializeSeed<'de> for Only<T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_struct("a volume's source", &[], self)
    }
}

impl<'de, T: Fill<'de>> Visitor<'de> for Only<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a volume's source")
    }

    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<T>, A::Error> {
        let (mut value, mut seen) = (T::default(), false);
        while let Some(key) = map.next_key::<Text<'de>>()? {
            if key.as_str() != self.0 {
                map.next_value::<IgnoredAny>()?;
            } else if seen {
                return Err(A::Error::custom("a field twice"));
            } else {
                map.next_value_seed(Place(&mut value))?;
                seen = true;
            }
        }
        Ok(Some(value))
    }
}

impl<'de: 'a, 'a> Fill<'de> for Volume<'a> {
    fn fill<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for &mut Volume<'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a volume")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(field) = map.next_key::<Text<'a>>()? {
            if field.as_str() == "name" {
                self.name = map.next_value::<Option<Text<'a>>>()?.unwrap_or_default();
            } else if let Some(source) = Source::read(field, &mut map)? {
                self.sources.push(source);
            }
        }
        Ok(())
    }
}

/// One part of a projected volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projection<'a> {
    /// A Secret.
    pub secret: Option<Named<'a>>,
    /// A `ConfigMap`.
    pub config_map: Option<Named<'a>>,
    /// A token of the pod's service account.
    pub service_account_token: Option<TokenProjection<'a>>,
    /// A certificate for the pod.
    pub pod_certificate: Option<Present>,
}

filled!(Projection<'a> {
    secret: "secret",
    config_map: "configMap",
    service_account_token: "serviceAccountToken",
    pod_certificate: "podCertificate",
});

/// `serviceAccountToken` of a projected volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenProjection<'a> {
    /// For whom; the API server itself where absent.
    pub audience: Option<Text<'a>>,
    /// The file below the mount.
    pub path: Text<'a>,
}

filled!(TokenProjection<'a> {
    audience: "audience",
    path: "path",
});

/// `downwardAPI`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DownwardApi<'a> {
    /// The files.
    pub items: List<DownwardFile<'a>>,
    /// The mode of files without one.
    pub default_mode: Option<i64>,
}

filled!(DownwardApi<'a> {
    items: "items",
    default_mode: "defaultMode",
});

/// One file of a downward API volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DownwardFile<'a> {
    /// Where, below the mount.
    pub path: Text<'a>,
    /// Its mode.
    pub mode: Option<i64>,
    /// The pod's field it shows.
    pub field_ref: Option<FieldRef<'a>>,
}

filled!(DownwardFile<'a> {
    path: "path",
    mode: "mode",
    field_ref: "fieldRef",
});

/// A field of the pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldRef<'a> {
    /// As `metadata.annotations['key']`.
    pub field_path: Text<'a>,
}

filled!(FieldRef<'a> {
    field_path: "fieldPath",
});

/// `csi`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Csi<'a> {
    /// The driver.
    pub driver: Text<'a>,
    /// The Secret its node part is given.
    pub node_publish_secret_ref: Option<Named<'a>>,
    /// What the driver is told.
    pub volume_attributes: Pairs<'a>,
}

filled!(Csi<'a> {
    driver: "driver",
    node_publish_secret_ref: "nodePublishSecretRef",
    volume_attributes: "volumeAttributes",
});

#[derive(Default)]
struct ClaimTemplate<'a> {
    spec: ClaimSpec<'a>,
}

filled!(ClaimTemplate<'a> {
    spec: "spec",
});

/// `spec` of a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimSpec<'a> {
    /// Whose content it starts with.
    pub data_source: Option<DataSource<'a>>,
    /// The newer field for the same.
    pub data_source_ref: Option<DataSource<'a>>,
    /// The very volume it is to be bound to.
    pub volume_name: Option<Text<'a>>,
}

filled!(ClaimSpec<'a> {
    data_source: "dataSource",
    data_source_ref: "dataSourceRef",
    volume_name: "volumeName",
});

/// Another claim, or a snapshot, whose content is copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataSource<'a> {
    /// `PersistentVolumeClaim`, `VolumeSnapshot`, …
    pub kind: Text<'a>,
    /// Its name.
    pub name: Text<'a>,
    /// Its namespace, where it is another.
    pub namespace: Option<Text<'a>>,
}

filled!(DataSource<'a> {
    kind: "kind",
    name: "name",
    namespace: "namespace",
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn read(text: &str) -> Volume<'_> {
        let mut volume = Volume::default();
        json::from_str_seed(text, Place(&mut volume)).expect(text);
        volume
    }

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
            let volume = read(text);
            assert_eq!(&*volume.name, "v", "{text}");
            assert_eq!(volume.sources, [expected], "{text}");
        }
        assert_eq!(read(r#"{"name":"v","hostPath":null}"#).sources, []);
        for wrong in [
            r#"{"name":"v","secret":{"secretName":"a","secretName":"b"}}"#,
            r#"{"name":"v","secret":["a"]}"#,
            r#"{"name":"v","secret":[null,"s"]}"#,
            r#"["v"]"#,
        ] {
            let mut volume = Some(Volume::default());
            assert!(
                json::from_str_seed(wrong, Place(&mut volume)).is_err(),
                "{wrong}"
            );
        }
    }
}
