// Command controlplane is a Kubernetes control plane in one file, for the
// end-to-end tests: etcd, kube-apiserver, kube-controller-manager and kubectl,
// built from the upstream modules named in go.mod.
//
// It acts as whichever of the four it is called as. Four symbolic links give
// it their names, so that the folder they stand in is also a valid
// KUBEBUILDER_ASSETS (controller-runtime's convention for test control
// planes). One binary, because the four share nearly all of their code: it
// links once and takes 131 MB rather than 350.
//
// Build with the version flags of harness/assets.rs: without them the API
// server calls itself v0.0.0 and switches off what its version would serve.
package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	kubectl "k8s.io/kubectl/pkg/cmd"

	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
)

func main() {
	switch name := filepath.Base(os.Args[0]); name {
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllermanager.NewControllerManagerCommand()))
	case "kubectl":
		// Not cli.Run: kubectl has its own way of printing errors.
		if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
			fatal(err)
		}
	case "etcd":
		if len(os.Args) != 3 {
			fatal(fmt.Errorf("usage: etcd DIR PORT"))
		}
		fatal(etcd(os.Args[1], os.Args[2]))
	default:
		fatal(fmt.Errorf("%q: call me as etcd, kube-apiserver, kube-controller-manager or kubectl", name))
	}
}

// etcd serves one member from dir on 127.0.0.1:port until it fails. It never
// syncs to disk: the data lives as long as the test run, and a machine under
// test load has better use for its disk.
func etcd(dir, port string) error {
	client := []url.URL{{Scheme: "http", Host: "127.0.0.1:" + port}}
	peer := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	cfg := embed.NewConfig()
	cfg.Dir, cfg.UnsafeNoFsync, cfg.LogLevel = dir, true, "error"
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = client, client
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = peer, peer
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	server, err := embed.StartEtcd(cfg)
	if err != nil {
		return err
	}
	return <-server.Err()
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
