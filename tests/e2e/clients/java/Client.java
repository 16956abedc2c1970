import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.services.sts.StsClient;

/** Says who it is: Client [profile NAME]. */
final class Client {
    public static void main(String[] args) {
        boolean profile = args.length == 2 && args[0].equals("profile");
        AwsCredentialsProvider credentials = profile
            ? ProfileCredentialsProvider.create(args[1])
            : DefaultCredentialsProvider.builder().build();
        try (StsClient sts = StsClient.builder().credentialsProvider(credentials).build()) {
            System.out.println("{\"arn\":\"" + sts.getCallerIdentity().arn() + "\"}");
        }
    }
}
