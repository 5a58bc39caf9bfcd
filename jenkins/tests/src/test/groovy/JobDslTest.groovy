import static org.junit.Assert.assertEquals
import static org.junit.Assert.assertTrue

import org.junit.Test
import org.yaml.snakeyaml.Yaml

/** The job in jenkins/casc.yaml: its Job DSL parses as Groovy, and says what docs/ci.md promises. */
class JobDslTest {
    /** Notes every call, and runs the closures of blocks; knows no Job DSL. */
    static class Recorder extends Script {
        final Map<String, List> said = [:].withDefault { [] }

        @Override
        Object run() {
            null
        }

        @Override
        Object invokeMethod(String name, Object arguments) {
            def given = arguments as List
            said[name] << given.findAll { !(it instanceof Closure) }
            given.findAll { it instanceof Closure }.each { Closure block ->
                block.delegate = this
                block.resolveStrategy = Closure.DELEGATE_FIRST
                block.call()
            }
        }
    }

    static Map<String, List> saidBy(String text) {
        def recorder = new Recorder()
        def script = new GroovyShell().parse(text)
        script.metaClass.methodMissing = { String name, arguments -> recorder.invokeMethod(name, arguments) }
        script.run()
        recorder.said
    }

    @Test
    void theJobBuildsOurJenkinsfileAtEachPush() {
        def casc = new Yaml().load(Repository.file('jenkins/casc.yaml').text)
        assertEquals(1, casc.jobs.size())
        def said = saidBy(casc.jobs[0].script)
        assertEquals([['payops']], said.pipelineJob)
        assertEquals([[]], said.githubPush)
        assertTrue("$said", said.keySet().any { it.toLowerCase().contains('scm') && said[it] })
        assertEquals(1, said.scriptPath.size())
        assertTrue(Repository.file(said.scriptPath[0][0]).exists())
        assertEquals('${REPOSITORY_URL}', said.url[0][0])
    }

    @Test
    void aPrivateRepositoryIsReadWithCredentialsAndAPublicOneWithout() {
        String script = new Yaml().load(Repository.file('jenkins/casc.yaml').text).jobs[0].script
        assertEquals([['chosen']], saidBy(script.replace('${REPOSITORY_CREDENTIALS}', 'chosen')).credentials)
        assertEquals([], saidBy(script.replace('${REPOSITORY_CREDENTIALS}', '')).credentials)
    }
}
