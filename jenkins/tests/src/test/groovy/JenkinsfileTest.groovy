import com.lesfurets.jenkins.unit.BasePipelineTest

/** Loads jenkins/Jenkinsfile, or a changed copy of it, into JenkinsPipelineUnit. */
abstract class JenkinsfileTest extends BasePipelineTest {
    protected Declarative build

    /** Run `text` with `chosen` parameters; `steps` say what each step does. */
    protected Declarative run(Map<String, Object> chosen, Map<String, Closure> steps,
                              String text = Repository.jenkinsfile()) {
        def folder = File.createTempDir()
        try {
            new File(folder, 'Jenkinsfile').text = text
            scriptRoots = [folder.path] as String[]
            scriptExtension = ''
            super.setUp()
            helper.registerAllowedMethod('string', [Map], null) // JenkinsPipelineUnit has one for credentials
            build = new Declarative(helper, chosen)
            build.teach(steps)
            ['any', 'none'].each { binding.setVariable(it, it) }
            binding.setVariable('scm', [$class: 'GitSCM'])
            binding.setVariable('params', build.params)
            binding.setVariable('env', build.environment)
            binding.setVariable('currentBuild', build.currentBuild)
            runScript('Jenkinsfile')
            build
        } finally {
            folder.deleteDir()
        }
    }
}
