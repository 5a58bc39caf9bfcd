import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Stand-in for Jenkins' plugin installation manager: takes the same options, fetches nothing, has its plugins in itself. */
public final class PluginTool {
    public static void main(String[] given) throws Exception {
        Path file = null;
        Path folder = null;
        for (int i = 0; i < given.length; i++) {
            switch (given[i]) {
                case "--war" -> Files.size(Path.of(given[++i]));
                case "--jenkins-version", "--latest" -> i++;
                case "--plugin-file" -> file = Path.of(given[++i]);
                case "--plugin-download-directory" -> folder = Path.of(given[++i]);
                case "--clean-download-directory" -> { }
                default -> throw new IllegalArgumentException("The stand-in does not know " + given[i]);
            }
        }
        Files.createDirectories(folder);
        try (var old = Files.list(folder)) {
            for (Path path : old.toList()) {
                Files.delete(path);
            }
        }
        for (String line : Files.readAllLines(file)) {
            String plugin = line.replaceAll("\\s*(#.*)?$", "");
            if (!plugin.isEmpty()) {
                copy(plugin.split(":")[0] + ".jpi", folder);
            }
        }
    }

    private static void copy(String name, Path folder) throws Exception {
        try (InputStream content = PluginTool.class.getResourceAsStream("/plugins/" + name)) {
            Files.copy(content, folder.resolve(name));
        }
    }
}
