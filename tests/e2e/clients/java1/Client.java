import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.securitytoken.AWSSecurityTokenServiceClientBuilder;
import com.amazonaws.services.securitytoken.model.GetCallerIdentityRequest;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;

/** Says who it is, with the first Java SDK: Client. The working directory is on the class path. */
final class Client {
    /** Where the SDK looks on the class path for endpoints of its user's own. */
    private static final Path ENDPOINTS =
        Path.of("com/amazonaws/partitions/override/endpoints.json");

    public static void main(String[] args) throws Exception {
        URI aws = URI.create(System.getenv("AWS_ENDPOINT_URL"));
        String region = System.getenv("AWS_REGION");
        // The clients of its credentials can be told of an endpoint in no other way, and speak HTTPS.
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
        String arn = AWSSecurityTokenServiceClientBuilder.standard()
            .withEndpointConfiguration(new EndpointConfiguration(aws.toString(), region))
            .build()
            .getCallerIdentity(new GetCallerIdentityRequest())
            .getArn();
        System.out.println("{\"arn\":\"" + arn + "\"}");
    }
}
