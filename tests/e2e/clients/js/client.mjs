// Says who it is: client.mjs [profile NAME].
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromIni } from "@aws-sdk/credential-providers";

const [how, profile] = process.argv.slice(2);
const options = how === "profile" ? { credentials: fromIni({ profile }) } : {};
const identity = await new STSClient(options).send(new GetCallerIdentityCommand({}));
console.log(JSON.stringify({ arn: identity.Arn }));
