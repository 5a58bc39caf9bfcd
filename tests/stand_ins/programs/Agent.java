import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Stand-in for Jenkins' agent: takes the same options, tells the stand-in for Jenkins that it is there, builds nothing. */
public final class Agent {
    private static final Set<String> OPTIONS = Set.of("-url", "-name", "-secret", "-workDir");

    public static void main(String[] given) throws Exception {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i < given.length; i++) {
            if (OPTIONS.contains(given[i])) {
                options.put(given[i], given[++i]);
            } else if (!given[i].equals("-webSocket")) {
                throw new IllegalArgumentException("The stand-in does not know " + given[i]);
            }
        }
        if (!options.keySet().equals(OPTIONS) || !options.get("-secret").startsWith("@")) {
            throw new IllegalArgumentException("Wanted " + OPTIONS + ", and the secret in a file.");
        }
        String secret = Files.readString(Path.of(options.get("-secret").substring(1))).strip();
        Files.createDirectories(Path.of(options.get("-workDir"), "remoting"));
        HttpRequest request = HttpRequest.newBuilder(URI.create(options.get("-url") + "wsagents/"))
            .header("Node-Name", options.get("-name")).header("Secret-Key", secret).GET().build();
        HttpClient client = HttpClient.newHttpClient();
        while (true) {
            int status = client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
            if (status != 200) {
                throw new IllegalStateException("Jenkins answered " + status);
            }
            Thread.sleep(1000);
        }
    }
}
