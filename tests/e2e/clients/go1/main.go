// Says who it is, with the first Go SDK.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/sts"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	// This SDK does not know the variable.
	endpoint := aws.NewConfig().WithEndpoint(os.Getenv("AWS_ENDPOINT_URL"))
	loaded, err := session.NewSession(endpoint)
	if err != nil {
		return err
	}
	identity, err := sts.New(loaded).GetCallerIdentity(&sts.GetCallerIdentityInput{})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]*string{"arn": identity.Arn})
}
