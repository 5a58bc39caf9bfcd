import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** Stand-in for Jenkins' plugin installation manager: takes the same options, writes empty plugins, fetches nothing. */
public final class PluginTool {
    public static void main(String[] given) throws Exception {
        Path file = null;
        Path folder = null;
        for (int i = 0; i < given.length; i++) {
            switch (given[i]) {
                case "--war" -> Files.size(Path.of(given[++i]));
                case "--plugin-file" -> file = Path.of(given[++i]);
                case "--plugin-download-directory" -> folder = Path.of(given[++i]);
                case "--clean-download-directory" -> { }
                case "--latest" -> i++;
                default -> throw new IllegalArgumentException("The stand-in does not know " + given[i]);
            }
        }
        try (var old = Files.list(folder)) {
            for (Path path : old.toList()) {
                Files.delete(path);
            }
        }
        for (String line : Files.readAllLines(file)) {
            String plugin = line.replaceAll("\\s*(#.*)?$", "");
            if (!plugin.isEmpty()) {
                write(folder, List.of(plugin.split(":")));
            }
        }
    }

    private static void write(Path folder, List<String> nameAndVersion) throws Exception {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().putValue("Short-Name", nameAndVersion.get(0));
        manifest.getMainAttributes().putValue("Plugin-Version", nameAndVersion.get(1));
        Path path = folder.resolve(nameAndVersion.get(0) + ".jpi");
        new JarOutputStream(Files.newOutputStream(path), manifest).close();
    }
}
