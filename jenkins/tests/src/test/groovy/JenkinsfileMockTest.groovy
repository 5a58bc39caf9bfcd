import static org.junit.Assert.assertEquals
import static org.junit.Assert.assertFalse
import static org.junit.Assert.assertNotEquals
import static org.junit.Assert.assertTrue

import org.junit.Test

/** The Jenkinsfile with steps that only note that they were called: order, parameters, failures, aborts. */
class JenkinsfileMockTest extends JenkinsfileTest {
    static final List<String> GREEN = [
        'Checkout: checkout', 'Shop build: scripts/build-shop.sh', 'Build: scripts/run-build.sh',
        'Build: junit build/pipeline/reports/unit.xml', 'Build: archive build/pipeline/release/*',
        'Bring up: scripts/bring-up.sh', 'Health check: scripts/wait-for-health.sh --seconds 10',
        'Smoke test: scripts/smoke-test.sh --preset "$DRILL_PRESET"',
        'Circuit Breaker Test: scripts/test-circuit-breaker.sh --preset "$DRILL_PRESET"',
        'Load test: scripts/load-test.sh', 'Load test: archive build/pipeline/reports/k6-summary.json',
    ]
    static final List<String> ASKED = ['Approval: scripts/check-branch.sh main', 'Approval: input for admin']
    static final List<String> LOGS = [': scripts/collect-logs.sh', ': archive build/pipeline/logs/*']
    static final String STAYS = ': echo AUTO_CLEANUP is off'
    static final String CLEANS = ': scripts/clean-up.sh'

    private final List<String> calls = []
    private final List<String> credentials = []
    /** Stage → the variables that it gets credentials in. */
    private final Map<String, Set<String>> held = [:].withDefault { [] as Set }
    /** Part of a call → what happens at each of its calls, in turn; null: it works. */
    private final Map<String, List<RuntimeException>> trouble = [:]
    private boolean checkedOut = true

    private Declarative build(Map<String, Object> chosen = [:], String text = Repository.jenkinsfile()) {
        run(chosen, [
            sh: { note(it) }, checkout: { note('checkout') }, fileExists: { checkedOut },
            echo: { note("echo ${it.split(':')[0]}") }, input: { note("input for $it.submitter") },
            junit: { note("junit $it.testResults") },
            archiveArtifacts: { note("archive $it.artifacts") },
            withCredentials: { list ->
                credentials.addAll(list*.credentialsId)
                held[build.stage].addAll(list.collect { it.variable ?: it.keyFileVariable })
            },
        ], text)
    }

    private void note(CharSequence call) {
        calls << "$build.stage: $call".toString()
        def happens = trouble.find { calls.last().contains(it.key) }?.value
        def now = happens ? happens.remove(0) : null
        if (now) {
            throw now
        }
    }

    private void failAt(String part, int times = 1) {
        trouble[part] = (1..times).collect { new StepFailed(part) }
    }

    private static List<String> until(String last) {
        GREEN.subList(0, GREEN.findIndexOf { it.startsWith(last) } + 1)
    }

    @Test
    void runsEveryStageInOrderAndLeavesTheStackUp() {
        assertEquals('SUCCESS', build().currentBuild.currentResult)
        assertEquals(GREEN + STAYS, calls)
        assertEquals([], credentials)
        assertEquals([TARGET: 'local', DRILL_PRESET: 'run', PAYOPS_INVENTORY: '', PAYOPS_STATE: 'build/pipeline/state'],
            build.environment)
    }

    @Test
    void hasItsParametersWithTheirDefaults() {
        assertEquals([TARGET: 'local', INVENTORY: '', SKIP_LOAD_TEST: false, AUTO_CLEANUP: false], build().params)
    }

    private static List<String> withApproval(String target) {
        int at = GREEN.findIndexOf { it.startsWith('Bring up') }
        target == 'inventory' ? GREEN[0..<at] + ASKED + GREEN[at..-1] : GREEN
    }

    @Test
    void productionIsNotReachedWithoutAnApproval() {
        [new Aborted('no'), new StepFailed('nobody answered within the limit')].each { refusal ->
            calls.clear()
            trouble['input'] = [refusal]
            assertNotEquals('SUCCESS', build(TARGET: 'inventory').currentBuild.currentResult)
            assertEquals(withApproval('inventory').takeWhile { !it.startsWith('Bring up') } + STAYS, calls)
            assertEquals([], credentials)
        }
    }

    @Test
    void anotherBranchIsNotEvenAskedFor() {
        failAt('check-branch')
        assertEquals('FAILURE', build(TARGET: 'inventory').currentBuild.currentResult)
        assertFalse(calls.any { it.contains('input') })
        assertEquals([], credentials)
    }

    @Test
    void aBuildThatIsRestartedAfterTheApprovalReachesNothing() {
        def approval = /(?s)    stage\('Approval'\).*?(?=    stage\('Bring up')/
        def without = Repository.jenkinsfile().replaceFirst(approval, '')
        assertEquals('FAILURE', build([TARGET: 'inventory'], without).currentBuild.currentResult)
        assertFalse(calls.any { it.startsWith('Bring up') })
        assertEquals([], credentials)
    }

    @Test
    void theApprovalHasALimit() {
        def limited = /(?s)stage\('Approval'\) \{.*?timeout\(time: 30, unit: 'MINUTES'\).*?input /
        assertTrue((Repository.jenkinsfile() =~ limited).find())
    }

    @Test
    void aParameterLeavesTheLoadTestOut() {
        assertEquals(['Approval', 'Load test'], build(SKIP_LOAD_TEST: true).skipped)
        assertEquals(GREEN.findAll { !it.startsWith('Load test') } + STAYS, calls)
    }

    @Test
    void aParameterCleansUp() {
        build(AUTO_CLEANUP: true)
        assertEquals(GREEN + CLEANS, calls)
    }

    @Test
    void machinesAreReachedWithCredentials() {
        ['vagrant', 'inventory'].each { target ->
            calls.clear()
            credentials.clear()
            build(TARGET: target, INVENTORY: '/srv/hosts.yml')
            assertEquals(withApproval(target) + STAYS, calls)
            def each = ['ansible-vault', 'ansible-vault-password', 'ansible-ssh-key']
            def keys = ['payops-operator-key', 'payops-merchant-key', 'payops-merchant-keys']
            assertEquals(each * 2 + (each + keys) * 3, credentials) // bring up, health; smoke, breaker, load
            assertEquals([target, 'vagrant', '/srv/hosts.yml'],
                ['TARGET', 'DRILL_PRESET', 'PAYOPS_INVENTORY'].collect { build.environment[it] })
        }
    }

    @Test
    void onlyTheStagesThatTryThePlatformHaveItsKeys() {
        build(TARGET: 'vagrant')
        def keys = ['OPERATOR_KEY', 'API_KEY', 'KEYS_FILE'] as Set
        def holding = held.findAll { it.value.intersect(keys) }
        assertEquals(['Smoke test', 'Circuit Breaker Test', 'Load test'] as Set, holding.keySet())
        holding.each { stage, variables -> assertTrue(stage, variables.containsAll(keys)) }
        // A script reads them from its environment: what the Jenkinsfile itself put into a command would be printed.
        def elsewhere = Repository.jenkinsfile().readLines().findAll { line ->
            keys.any { line.contains(it) } && !line.contains('credentialsId:')
        }
        assertEquals([], elsewhere)
    }

    @Test
    void healthIsTriedAgain() {
        failAt('wait-for-health', 5)
        assertEquals('SUCCESS', build().currentBuild.currentResult)
        assertEquals(6, calls.count { it.startsWith('Health check') })
        assertTrue(calls.any { it.startsWith('Load test') })
    }

    @Test
    void healthIsTriedForAMinuteAndThenEverythingStops() {
        failAt('wait-for-health', 6)
        assertEquals('FAILURE', build().currentBuild.currentResult)
        def attempt = 'Health check: scripts/wait-for-health.sh --seconds 10'
        assertEquals(until('Bring up') + [attempt] * 6 + LOGS + STAYS, calls)
    }

    @Test
    void aFailedBreakerDrillFailsTheBuild() {
        failAt('test-circuit-breaker')
        assertEquals('FAILURE', build(AUTO_CLEANUP: true).currentBuild.currentResult)
        assertEquals(until('Circuit Breaker Test') + LOGS + CLEANS, calls)
    }

    @Test
    void everyStageThatFailsStopsTheBuildAndKeepsLogs() {
        GREEN.findAll { it =~ /: (checkout|scripts.*)/ }.each { failing ->
            calls.clear()
            failAt(failing, failing.startsWith('Health') ? 6 : 1)
            assertEquals(failing, 'FAILURE', build().currentBuild.currentResult)
            def stage = failing.split(':')[0]
            int last = GREEN.findLastIndexOf { it.startsWith(stage) }
            assertFalse(failing, calls.any { GREEN.indexOf(it) > last })
            assertEquals(failing, LOGS + STAYS, calls[-3..-1])
        }
    }

    @Test
    void reportsAreKeptWhenTestsOrThresholdsFail() {
        ['run-build': GREEN[3], 'load-test': GREEN[-1]].each { failing, report ->
            calls.clear()
            failAt(failing)
            build()
            assertTrue(failing, report in calls)
            assertFalse(failing, failing == 'run-build' && calls.any { it.endsWith('release/*') })
        }
    }

    @Test
    void anAbortedBuildIsNotTriedAgainAndRespectsAutoCleanup() {
        [(false): STAYS, (true): CLEANS].each { chosen, last ->
            calls.clear()
            trouble['wait-for-health'] = [new Aborted('by hand')]
            assertEquals('ABORTED', build(AUTO_CLEANUP: chosen).currentBuild.currentResult)
            assertEquals(until('Health check') + LOGS + last, calls)
        }
    }

    @Test
    void cleansUpEvenWhenTheLogsCannotBeKept() {
        failAt('smoke-test')
        failAt('collect-logs')
        build(AUTO_CLEANUP: true)
        assertEquals(until('Smoke test') + LOGS[0] + CLEANS, calls)
        assertEquals(1, build.brokenConditions.size())
    }

    @Test
    void withoutACheckoutThereIsNothingToGatherAndNothingToStop() {
        checkedOut = false
        failAt('checkout')
        build(AUTO_CLEANUP: true)
        assertEquals(['Checkout: checkout'], calls)
        assertEquals([], build.brokenConditions)
    }

    @Test
    void everythingThatItSaysIsInAPluginOfTheList() {
        def plugins = Repository.file('jenkins/plugins.txt').readLines()
            .findAll { it && !it.startsWith('#') }.collect { it.split(':')[0] }
        build(TARGET: 'vagrant', AUTO_CLEANUP: true)
        def steps = build.said - (Grammar.SECTIONS.keySet() - 'pipeline')
        assertTrue(steps.contains('timestamps'))
        assertEquals([], steps.findAll { !(Grammar.PLUGINS[it] in plugins) } as List)
    }
}
