import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.securitytoken.AWSSecurityTokenServiceClientBuilder;
import com.amazonaws.services.securitytoken.model.GetCallerIdentityRequest;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;

/**
 * Says who it is, with the first Java SDK; "Client s3a" lists a bucket by S3A instead, as the page
 * has it for Hadoop 3.3. The working directory is on the class path.
 */
final class Client {
    /** Where the SDK looks on the class path for endpoints of its user's own. */
    private static final Path ENDPOINTS =
        Path.of("com/amazonaws/partitions/override/endpoints.json");

    public static void main(String[] args) throws Exception {
        URI aws = URI.create(System.getenv("AWS_ENDPOINT_URL"));
        String region = System.getenv("AWS_REGION");
        tellCredentials(aws, region);
        if (args.length == 1 && args[0].equals("s3a")) {
            list(aws, region);
            return;
        }
        String arn = AWSSecurityTokenServiceClientBuilder.standard()
            .withEndpointConfiguration(new EndpointConfiguration(aws.toString(), region))
            .build()
            .getCallerIdentity(new GetCallerIdentityRequest())
            .getArn();
        System.out.println("{\"arn\":\"" + arn + "\"}");
    }

    /** The clients of its credentials can be told of an endpoint in no other way, and speak HTTPS. */
    private static void tellCredentials(URI aws, String region) throws IOException {
        Files.createDirectories(ENDPOINTS.getParent());
        Files.writeString(ENDPOINTS, """
            {"version": 3, "partitions": [{
              "partition": "aws", "partitionName": "test", "dnsSuffix": "amazonaws.com",
              "regionRegex": "^us\\\\-\\\\w+\\\\-\\\\d+$",
              "defaults": {"hostname": "{service}.{region}.{dnsSuffix}", "protocols": ["https"], "signatureVersions": ["v4"]},
              "regions": {"%1$s": {"description": "test"}},
              "services": {"sts": {"endpoints": {"%1$s": {"hostname": "%2$s"}}}}
            }]}
            """.formatted(region, aws.getAuthority()));
        System.setProperty("com.amazonaws.sdk.disableCertChecking", "true");
    }

    private static void list(URI aws, String region) throws IOException {
        Configuration conf = new Configuration();
        conf.set("fs.s3a.aws.credentials.provider", "org.apache.hadoop.fs.s3a.auth.AssumedRoleCredentialProvider");
        conf.set("fs.s3a.assumed.role.arn", System.getenv("ASSUME_ROLE_CREDENTIALS_ROLE_ARN"));
        conf.set("fs.s3a.assumed.role.credentials.provider", "com.amazonaws.auth.WebIdentityTokenCredentialsProvider");
        // Where the test's AWS is, and no second try.
        conf.set("fs.s3a.assumed.role.sts.endpoint", aws.toString());
        conf.set("fs.s3a.assumed.role.sts.endpoint.region", region);
        conf.set("fs.s3a.endpoint", aws.toString());
        conf.set("fs.s3a.endpoint.region", region);
        conf.set("fs.s3a.path.style.access", "true");
        conf.set("fs.s3a.attempts.maximum", "1");
        conf.set("fs.s3a.retry.limit", "1");
        URI bucket = URI.create("s3a://bucket/");
        FileSystem.get(bucket, conf).listStatus(new org.apache.hadoop.fs.Path(bucket));
    }
}
