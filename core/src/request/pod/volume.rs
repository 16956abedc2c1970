//! Volumes.

use super::{Named, Present};
use crate::json::Text;
use crate::json::{self, Fill, Name, ParseFault, Reader, filled};
use crate::json::{List, Pairs};

/// One volume of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Volume<'a> {
    /// Its name.
    pub name: Text<'a>,
    /// Where its content comes from.
    pub sources: Sources<'a>,
}

/// A volume's sources: one, or what an object that no API server has validated
/// claims to have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources<'a> {
    // In its place: every pod has ten volumes of one source each.
    first: Option<Source<'a>>,
    more: Vec<Source<'a>>,
}

impl<'a> Sources<'a> {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Source<'a>> {
        self.first.iter().chain(&self.more)
    }

    /// The one source; `None` where there is none or more than one.
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
        secret: Option<Box<(&'static str, Text<'a>)>>,
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

/// [`only`], with the name made when this is compiled.
macro_rules! only {
    ($reader:ident, $field:literal) => {
        only($reader, const { &Name::new($field) })
    };
}

impl<'a> Source<'a> {
    /// Reads the value of the field `kind`; `None` for `null`.
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
                Self::Ephemeral(Box::new(claim.unwrap_or_default().spec))
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

/// One field of a source, as its default where it is absent.
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
    field_ref: "fieldRef",
    mode: "mode",
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
    volume_name: "volumeName",
    data_source: "dataSource",
    data_source_ref: "dataSourceRef",
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
