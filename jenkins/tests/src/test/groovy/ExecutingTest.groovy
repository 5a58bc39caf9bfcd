import static org.junit.Assert.assertEquals
import static org.junit.Assert.assertFalse
import static org.junit.Assert.assertNotEquals
import static org.junit.Assert.assertTrue

import org.junit.After
import org.junit.AfterClass
import org.junit.BeforeClass
import org.junit.FixMethodOrder
import org.junit.Test
import org.junit.runners.MethodSorters

/**
 * The Jenkinsfile for real: its `sh` executes in a clean clone. Two builds in one workspace, as Jenkins does it: a red
 * one, whose Kafka does not stop for the breaker drill and whose stack stays up; then a green one, which cleans up.
 */
@FixMethodOrder(MethodSorters.NAME_ASCENDING)
class ExecutingTest extends JenkinsfileTest {
    static final String STATE = 'build/pipeline/state'

    private static File folder
    private Workspace workspace
    private Shell shell

    @BeforeClass
    static void haveAWorkspace() {
        folder = new File(System.getenv('PIPELINE_WORKSPACE') ?: File.createTempDir().path)
    }

    @AfterClass
    static void leaveNothing() {
        folder.deleteDir()
    }

    @After
    void stopWhatIsLeft() {
        if (workspace.file('scripts/clean-up.sh').exists()) {
            shell.run('scripts/clean-up.sh', [PAYOPS_STATE: STATE], 60)
        }
    }

    private Declarative execute(Map<String, Object> chosen, Map<String, String> node) {
        workspace = new Workspace(folder)
        shell = new Shell(folder, [
            REPOSITORY: Repository.root().path, WORKSPACE: folder.path, LINT_CHECKS: 'ruff format imports shellcheck',
            UNIT_TESTS: 'tests/unit/platform/test_money.py', APP_CB_KAFKA_WAIT_DURATION_SECONDS: '2', DURATION: '5s',
        ] + node)
        run(chosen, [
            sh: { sh(it) }, checkout: { sh(Workspace.CHECKOUT) }, echo: { println(it) },
            fileExists: { workspace.file(it).exists() }, junit: { workspace.junit(it.testResults) },
            archiveArtifacts: { workspace.archive(it.artifacts) },
            input: { throw new StepFailed('the local stack needs no approval') },
            withCredentials: { throw new StepFailed('the local stack needs no credentials') },
        ])
    }

    private void sh(String command) {
        println("--- ${build.stage ?: 'post'}: $command")
        shell.run(command, build.environment, build.limits.min())
    }

    private int answers(String path) {
        try {
            def connection = new URL("http://127.0.0.1:${address()}$path").openConnection()
            connection.connectTimeout = connection.readTimeout = 5000
            return connection.responseCode
        } catch (ConnectException ignored) {
            return 0
        }
    }

    private String address() {
        (shell.printed =~ /Starting on http:\/\/127\.0\.0\.1:(\d+)/)[0][1]
    }

    @Test
    void a_turnsRedWhenTheBreakerDrillFails() {
        execute([:], [KAFKA_STOP_CMD: 'true', BUILD_STEPS: 'unit wheel'])
        assertEquals('FAILURE', build.currentBuild.currentResult)
        def printed = shell.printed.toString()
        assertTrue(printed.contains('drill smoke-test.sh: all true'))
        assertTrue(printed.contains('Kafka is not down'))
        assertTrue(printed.contains('drill test-circuit-breaker.sh: FAILED'))
        assertFalse('the load test ran after a failure', printed.contains('scripts/load-test.sh'))
        assertEquals([], build.brokenConditions)

        ['api', 'relay', 'ledger', 'housekeeping', 'broker', 'redis', 'output'].each {
            assertTrue(it, "build/pipeline/logs/${it}.log".toString() in workspace.archived)
        }
        def token = workspace.file("$STATE/admin-token").text
        assertTrue(token.length() >= 16)
        assertTrue(workspace.file("$STATE/output").text.contains(token))
        assertEquals([], workspace.archived.findAll { workspace.file(it).getText('ISO-8859-1').contains(token) })
        assertFalse('the console shows the admin token', printed.contains(token))

        // AUTO_CLEANUP is off: one can look at it, and the next build stops it.
        assertEquals(200, answers('/health'))
        shell.run('scripts/bring-up.sh', build.environment, 60)
        assertNotEquals('the former stack is still there', token, readToken())
    }

    private String readToken() {
        shell.run('scripts/wait-for-health.sh --seconds 60', build.environment, 90)
        workspace.file("$STATE/admin-token").text
    }

    @Test
    void b_isGreenAndCleansUp() {
        execute([AUTO_CLEANUP: true], [:])
        def printed = shell.printed.toString()
        assertEquals(printed, 'SUCCESS', build.currentBuild.currentResult)
        assertEquals([], build.brokenConditions)
        assertTrue(printed.contains('drill test-circuit-breaker.sh: all true'))
        assertTrue('no unit test ran', workspace.tests > 10)
        assertTrue(workspace.archived.any { it ==~ /build\/pipeline\/release\/payops-.*\.whl/ })
        assertTrue('build/pipeline/reports/k6-summary.json' in workspace.archived)
        def load = new groovy.json.JsonSlurper().parse(workspace.file('build/pipeline/reports/k6-summary.json'))
        assertTrue("$load.iterations", load.iterations.values.count >= 90) // 20 a second, 5 seconds

        assertFalse('the state is still there', workspace.file(STATE).exists())
        assertEquals('the api is still there', 0, answers('/health'))
    }
}
