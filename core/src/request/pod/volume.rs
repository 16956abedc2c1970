//! Volumes.

use super::{Named, Present};
use crate::json::Text;
use crate::json::{self, Fill, Name, ParseFault, Reader, filled};
use crate::json::{List, Pairs};

/// One volume of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Volume<'a> {
    pub name: Text<'a>,
    pub sources: Sources<'a>,
}

/// The sources of a volume: normally one, any number in an object that no API server
/// has validated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources<'a> {
    // Not in a `Vec`: a pod has about ten volumes, with one source each.
    first: Option<Source<'a>>,
    more: Vec<Source<'a>>,
}

impl<'a> Sources<'a> {
    pub fn iter(&self) -> impl Iterator<Item = &Source<'a>> {
        self.first.iter().chain(&self.more)
    }

    /// The only source; `None` if there is none or more than one.
    #[must_use]
    pub fn single(&self) -> Option<&Source<'a>> {
        self.first.as_ref().filter(|_| self.more.is_empty())
    }

    fn push(&mut self, source: Source<'a>) {
        if self.first.is_none() {
            self.first = Some(source);
        } else {
            self.more.push(source);
        }
    }
}

/// The source of a volume's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source<'a> {
    /// `hostPath`: the path of a folder of the node.
    HostPath(Text<'a>),
    /// `gitRepo`: a repository that the kubelet clones by running git on the node.
    GitRepo,
    /// `secret`: the name of a Secret.
    Secret(Text<'a>),
    /// `configMap`: the name of a `ConfigMap`.
    ConfigMap(Text<'a>),
    /// `downwardAPI`: fields of the pod as files.
    DownwardApi(Box<DownwardApi<'a>>),
    /// `projected`: several sources in one.
    Projected(List<Projection<'a>>),
    /// `csi`: a driver's volume with the lifetime of the pod.
    Csi(Box<Csi<'a>>),
    /// `persistentVolumeClaim`: the name of a claim.
    Claim(Text<'a>),
    /// `ephemeral`: a claim that is created with the pod.
    Ephemeral(Box<ClaimTemplate<'a>>),
    /// An old kind that can name a Secret, which the kubelet reads.
    Old {
        /// The name of its field, like `rbd`.
        kind: &'static str,
        /// The Secret, with the field that names it.
        secret: Option<Box<(&'static str, Text<'a>)>>,
    },
    /// `image`: the reference of an image.
    Image(Text<'a>),
    /// Any other kind, by the name of its field: `emptyDir`, `nfs`, …
    Other(Text<'a>),
}

/// The old kinds that can name a Secret, with the field that names it.
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

/// [`only`], with the name computed at compile time.
macro_rules! only {
    ($reader:ident, $field:literal) => {
        only($reader, const { &Name::new($field) })
    };
}

impl<'a> Source<'a> {
    /// Parses the value of the field `kind`; `None` for `null`.
    fn read<'de: 'a>(kind: Text<'a>, reader: &mut Reader<'de>) -> Result<Option<Self>, ParseFault> {
        if reader.null()? {
            return Ok(None);
        }
        Ok(Some(match kind.as_str() {
            "hostPath" => Self::HostPath(only!(reader, "path")?),
            "secret" => Self::Secret(only!(reader, "secretName")?),
            "configMap" => Self::ConfigMap(only!(reader, "name")?),
            "downwardAPI" => Self::DownwardApi(whole(reader)?),
            "projected" => Self::Projected(only!(reader, "sources")?),
            "csi" => Self::Csi(whole(reader)?),
            "persistentVolumeClaim" => Self::Claim(only!(reader, "claimName")?),
            "ephemeral" => {
                let claim: Option<ClaimTemplate<'a>> = only!(reader, "volumeClaimTemplate")?;
                Self::Ephemeral(Box::new(claim.unwrap_or_default()))
            }
            "image" => Self::Image(only!(reader, "reference")?),
            "gitRepo" => reader.pass().map(|()| Self::GitRepo)?,
            "emptyDir" => reader.pass().map(|()| Self::Other(kind))?,
            other => match OLD_KINDS.iter().find(|(known, _)| *known == other) {
                Some((kind, field)) => Self::old(kind, field, reader)?,
                None => reader.pass().map(|()| Self::Other(kind))?,
            },
        }))
    }

    fn old<'de: 'a>(
        kind: &'static str,
        field: &'static str,
        reader: &mut Reader<'de>,
    ) -> Result<Self, ParseFault> {
        let secret = if field.ends_with("secretName") {
            only!(reader, "secretName")?
        } else {
            let secret: Option<Named<'a>> = only!(reader, "secretRef")?;
            secret.map(|secret| secret.name)
        };
        let secret = secret.map(|name| Box::new((field, name)));
        Ok(Self::Old { kind, secret })
    }
}

fn whole<'de, T: Fill<'de> + Default>(reader: &mut Reader<'de>) -> Result<T, ParseFault> {
    let mut value = T::default();
    value.fill(reader)?;
    Ok(value)
}

/// One field of a source; its default if it is absent.
fn only<'de, T: Fill<'de> + Default>(
    reader: &mut Reader<'de>,
    field: &Name,
) -> Result<T, ParseFault> {
    let mut value = T::default();
    json::only(reader, field, &mut value)?;
    Ok(value)
}

impl<'de: 'a, 'a> Fill<'de> for Volume<'a> {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), ParseFault> {
        reader.begin(b'{', false)?;
        let mut first = true;
        while reader.another_key(&mut first)? {
            let field = Text(reader.string()?);
            reader.colon()?;
            if field.as_str() == "name" {
                self.name = whole(reader)?;
            } else if let Some(source) = Source::read(field, reader)? {
                self.sources.push(source);
            }
        }
        Ok(())
    }
}

/// One source of a projected volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projection<'a> {
    pub secret: Option<Named<'a>>,
    pub config_map: Option<Named<'a>>,
    pub service_account_token: Option<TokenProjection<'a>>,
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
    /// If absent, the API server itself.
    pub audience: Option<Text<'a>>,
    /// The seconds for which it is valid; an hour if absent.
    pub expiration_seconds: Option<i64>,
    /// Relative to the mount.
    pub path: Text<'a>,
}

filled!(TokenProjection<'a> {
    audience: "audience",
    expiration_seconds: "expirationSeconds",
    path: "path",
});

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DownwardApi<'a> {
    pub items: List<DownwardFile<'a>>,
    /// The file mode of items without one.
    pub default_mode: Option<i64>,
}

filled!(DownwardApi<'a> {
    items: "items",
    default_mode: "defaultMode",
});

/// One file of a downward API volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DownwardFile<'a> {
    /// Relative to the mount.
    pub path: Text<'a>,
    /// The file mode.
    pub mode: Option<i64>,
    pub field_ref: Option<FieldRef<'a>>,
}

filled!(DownwardFile<'a> {
    path: "path",
    field_ref: "fieldRef",
    mode: "mode",
});

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldRef<'a> {
    /// For example `metadata.annotations['key']`.
    pub field_path: Text<'a>,
}

filled!(FieldRef<'a> {
    field_path: "fieldPath",
});

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Csi<'a> {
    pub driver: Text<'a>,
    /// The Secret that is passed to the driver on the node.
    pub node_publish_secret_ref: Option<Named<'a>>,
    /// Parameters for the driver.
    pub volume_attributes: Pairs<'a>,
}

filled!(Csi<'a> {
    driver: "driver",
    node_publish_secret_ref: "nodePublishSecretRef",
    volume_attributes: "volumeAttributes",
});

/// A claim that is made for a volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimTemplate<'a> {
    pub metadata: ClaimMeta<'a>,
    pub spec: ClaimSpec<'a>,
}

filled!(ClaimTemplate<'a> {
    metadata: "metadata",
    spec: "spec",
});

/// `metadata` of such a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimMeta<'a> {
    pub labels: Pairs<'a>,
}

filled!(ClaimMeta<'a> or null {
    labels: "labels",
});

/// `spec` of a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimSpec<'a> {
    /// The source of its initial content.
    pub data_source: Option<DataSource<'a>>,
    /// The newer form of `dataSource`.
    pub data_source_ref: Option<DataSource<'a>>,
    /// The volume that it binds to.
    pub volume_name: Option<Text<'a>>,
}

filled!(ClaimSpec<'a> {
    volume_name: "volumeName",
    data_source: "dataSource",
    data_source_ref: "dataSourceRef",
});

/// A claim or snapshot whose content is copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataSource<'a> {
    /// `PersistentVolumeClaim`, `VolumeSnapshot`, …
    pub kind: Text<'a>,
    pub name: Text<'a>,
    /// If not the namespace of the claim.
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

    fn read(text: &str) -> Volume<'_> {
        json::fill(text).expect(text)
    }

    #[test]
    fn two_sources_are_two() {
        let volume = read(r#"{"emptyDir":{},"hostPath":{"path":"/"},"name":"v"}"#);
        let expected = [
            Source::Other("emptyDir".into()),
            Source::HostPath("/".into()),
        ];
        assert!(volume.sources.iter().eq(&expected));
        assert_eq!(volume.sources.single(), None);
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
                    secret: Some(Box::new(("rbd.secretRef.name", "s".into()))),
                },
            ),
            (
                r#"{"name":"v","azureFile":{"secretName":"s"}}"#,
                Source::Old {
                    kind: "azureFile",
                    secret: Some(Box::new(("azureFile.secretName", "s".into()))),
                },
            ),
            (
                r#"{"name":"v","emptyDir":{}}"#,
                Source::Other("emptyDir".into()),
            ),
        ] {
            let volume = read(text);
            assert_eq!(&*volume.name, "v", "{text}");
            assert_eq!(volume.sources.single(), Some(&expected), "{text}");
        }
        assert_eq!(
            read(r#"{"name":"v","hostPath":null}"#).sources,
            Sources::default()
        );
        for wrong in [
            r#"{"name":"v","secret":{"secretName":"a","secretName":"b"}}"#,
            r#"{"name":"v","secret":["a"]}"#,
            r#"{"name":"v","secret":[null,"s"]}"#,
            r#"["v"]"#,
        ] {
            assert!(json::fill::<Option<Volume<'_>>>(wrong).is_err(), "{wrong}");
        }
    }
}
