import groovy.transform.CompileStatic
import java.nio.file.FileSystems
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.PathMatcher
import java.util.stream.Collectors

/** A build's folder: a clone of the repository with what is not committed yet, and what the build kept of it. */
@CompileStatic
class Workspace {
    static final String CHECKOUT = '''\
        [ -d .git ] || git clone --quiet --no-hardlinks "$REPOSITORY" .
        git -C "$REPOSITORY" ls-files -z --deleted | xargs -0r rm -f
        git -C "$REPOSITORY" ls-files -z --cached --others --exclude-standard >.git/wanted
        tar --create --null --ignore-failed-read --directory "$REPOSITORY" --files-from=.git/wanted | tar --extract
        rm .git/wanted
        '''.stripIndent()

    final File folder
    final List<String> archived = []
    int tests = 0

    Workspace(File folder) {
        this.folder = folder
    }

    File file(String path) {
        new File(folder, path)
    }

    private List<Path> matching(String pattern) {
        Path root = folder.toPath()
        PathMatcher matcher = FileSystems.default.getPathMatcher("glob:$pattern")
        Path start = root.resolve(pattern.replaceAll(/\/[^\/]*$/, ''))
        if (!Files.isDirectory(start)) {
            return []
        }
        Files.walk(start).filter { Path it -> Files.isRegularFile(it) && matcher.matches(root.relativize(it)) }
            .collect(Collectors.toList()) as List<Path>
    }

    /** As archiveArtifacts: nothing to keep is an error. */
    void archive(String pattern) {
        List<Path> found = matching(pattern)
        if (found.empty) {
            throw new StepFailed("no artifacts match $pattern")
        }
        found.each { archived << folder.toPath().relativize(it).toString() }
    }

    /** As junit: no tests are an error. */
    void junit(String pattern) {
        int count = (int) matching(pattern).sum(0) { Path it -> it.toFile().text.count('<testcase ') }
        if (count == 0) {
            throw new StepFailed("no test reports match $pattern")
        }
        tests += count
    }
}
