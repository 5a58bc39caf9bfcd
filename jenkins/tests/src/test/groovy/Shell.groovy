import groovy.transform.CompileStatic
import java.nio.charset.StandardCharsets
import java.util.concurrent.TimeUnit

/** Runs commands as Jenkins' `sh` does: `sh -xe` in the workspace, ended with its children when its time is over. */
@CompileStatic
class Shell {
    final File workspace
    final Map<String, String> variables
    /** All that was printed. */
    final StringBuffer printed = new StringBuffer()

    Shell(File workspace, Map<String, String> variables) {
        this.workspace = workspace
        this.variables = variables
    }

    void run(String command, Map<String, String> environment, long seconds) {
        ProcessBuilder builder = new ProcessBuilder('sh', '-xe', '-c', command)
        builder.directory(workspace).redirectErrorStream(true)
        builder.environment().putAll(variables)
        builder.environment().putAll(environment)
        builder.redirectInput(new File('/dev/null'))
        Process process = builder.start()
        Thread reader = Thread.start { copy(process.inputStream) }
        boolean ended = process.waitFor(seconds, TimeUnit.SECONDS)
        if (!ended) {
            process.toHandle().descendants().forEach { ProcessHandle child -> child.destroy() }
            process.destroy()
            process.waitFor()
        }
        reader.join() // what goes on in the background writes elsewhere, or this does not end
        if (!ended) {
            throw new Aborted("not within $seconds s: $command")
        }
        if (process.exitValue() != 0) {
            throw new StepFailed("$command ended with ${process.exitValue()}")
        }
    }

    private void copy(InputStream stream) {
        new InputStreamReader(stream, StandardCharsets.UTF_8).eachLine { String line ->
            printed.append(line).append('\n')
            println(line)
        }
    }
}
