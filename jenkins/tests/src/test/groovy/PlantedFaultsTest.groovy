import static org.junit.Assert.assertThrows
import static org.junit.Assert.assertTrue

import org.junit.Test

/** The mock test is no yes-man: each of these faults, planted into the Jenkinsfile, is found. */
class PlantedFaultsTest extends JenkinsfileTest {
    private final Map<String, Closure> quiet = ['sh', 'checkout', 'fileExists', 'echo', 'input',
                                                'junit', 'archiveArtifacts',
                                                'withCredentials'].collectEntries { [it, { }] }

    private void found(Class<Throwable> error, String message, String from, String to) {
        assertTrue("the Jenkinsfile has no $from", Repository.jenkinsfile().contains(from))
        def thrown = assertThrows(error) { run([:], quiet, Repository.jenkinsfile().replace(from, to)) }
        assertTrue("$thrown", thrown.message.contains(message))
    }

    @Test
    void theFileItselfIsAllRight() {
        run([:], quiet)
    }

    @Test
    void aMisspeltSection() {
        [stages: 'stagess', parameters: 'paramters', options: 'option', environment: 'enviroment', steps: 'step',
         when: 'wenn', post: 'posst', cleanup: 'clean_up', unsuccessful: 'unsucessful',
         script: 'scrpt', always: 'allways',
        ].each { right, wrong ->
            found(MissingMethodException, wrong, "$right {", "$wrong {")
        }
    }

    @Test
    void aMisspeltStepOrOption() {
        found(MissingMethodException, 'retryy', 'retry(6)', 'retryy(6)')
        found(MissingMethodException, 'timestamp', 'timestamps()', 'timestamp()')
        found(MissingMethodException, 'tryTargets', "tryTarget 'scripts/load", "tryTargets 'scripts/load")
    }

    @Test
    void aSectionInTheWrongPlace() {
        found(IllegalStateException, 'post stands in steps', "sh 'scripts/build-shop.sh'", 'post { always { } }')
        found(IllegalStateException, 'sh stands in stage', "stage('Checkout') {", "stage('Checkout') {\nsh 'true'")
        found(IllegalStateException, 'retry stands in options', 'timestamps()', 'retry(6) { }')
        found(IllegalStateException, 'stage Checkout has no steps', "steps {\n        checkout scm\n      }", '')
        found(IllegalStateException, 'pipeline lacks [agent]', 'agent any', '')
    }

    @Test
    void aMisspeltName() {
        found(IllegalArgumentException, 'testResult', 'testResults:', 'testResult:')
        found(IllegalArgumentException, 'default', "defaultValue: ''", "default: ''")
        found(IllegalArgumentException, 'minutes', "timeout(time: 90, unit: 'MINUTES')", "timeout(minutes: 60)")
    }

    @Test
    void aParameterThatNobodyDeclared() {
        assertThrows(IllegalArgumentException) { run([AUTO_CLEAN: true], quiet) }
    }
}
