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
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"

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
		// As kubectl's own main does it: it has its own way of printing
		// errors and its own exit codes.
		if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
			kubectlutil.CheckErr(err)
		}
	case "etcd":
		etcdmain.Main(os.Args)
	default:
		fmt.Fprintf(os.Stderr, "%q: call me as etcd, kube-apiserver, kube-controller-manager or kubectl\n", name)
		os.Exit(1)
	}
}
