// Says who it is, with the second JavaScript SDK: client.js.
const AWS = require("aws-sdk");

// This SDK does not know the variable.
AWS.config.update({ endpoint: process.env.AWS_ENDPOINT_URL });
new AWS.STS().getCallerIdentity({}, (error, identity) => {
  if (error) throw error;
  console.log(JSON.stringify({ arn: identity.Arn }));
});
