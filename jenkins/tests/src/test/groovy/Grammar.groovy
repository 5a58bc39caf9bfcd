/** What a declarative pipeline may say where, and which plugin knows it; as far as our Jenkinsfile goes. */
class Grammar {
    /** In the order in which Jenkins looks at them. */
    static final List<String> CONDITIONS = ['always', 'changed', 'fixed', 'regression', 'aborted', 'failure', 'success',
                                            'unstable', 'unsuccessful', 'cleanup']

    /** Section → where it may stand; '' is the file itself. */
    static final Map<String, List<String>> SECTIONS = [
        pipeline: [''], agent: ['pipeline', 'stage'], parameters: ['pipeline'], options: ['pipeline', 'stage'],
        environment: ['pipeline', 'stage'], stages: ['pipeline'], stage: ['stages'], when: ['stage'],
        expression: ['when'], steps: ['stage'], post: ['pipeline', 'stage'], script: ['steps'] + CONDITIONS,
    ] + CONDITIONS.collectEntries { [it, ['post']] }

    static final List<String> REQUIRED = ['agent', 'stages']

    static final List<String> TAKE_STEPS = ['steps', 'script'] + CONDITIONS

    /** Of `parameters` and `options`: name → the names that it takes. */
    static final Map<String, List<String>> PARAMETERS = [
        choice: ['name', 'choices', 'description'],
        string: ['name', 'defaultValue', 'description', 'trim'],
        booleanParam: ['name', 'defaultValue', 'description'],
    ]
    static final Map<String, List<String>> OPTIONS = [
        timeout: ['time', 'unit'], disableConcurrentBuilds: [], buildDiscarder: [], skipDefaultCheckout: [],
        timestamps: [],
    ]

    static final Map<String, List<String>> STEPS = [
        sh: [], echo: [], input: ['message', 'ok', 'submitter'], error: [],
        checkout: [], retry: [], fileExists: [], withCredentials: [],
        junit: ['testResults', 'allowEmptyResults'],
        archiveArtifacts: ['artifacts', 'allowEmptyArchive', 'fingerprint'],
    ]

    private static final String PIPELINE = 'workflow-aggregator'

    /** What is said → the line of plugins.txt that brings it. */
    static final Map<String, String> PLUGINS = [
        sh: PIPELINE, echo: PIPELINE, input: PIPELINE, error: PIPELINE,
        checkout: 'git', retry: PIPELINE, fileExists: PIPELINE, timeout: PIPELINE,
        withCredentials: 'credentials-binding', junit: 'junit', archiveArtifacts: PIPELINE, timestamps: 'timestamper',
        disableConcurrentBuilds: PIPELINE, buildDiscarder: PIPELINE, skipDefaultCheckout: 'pipeline-model-definition',
        choice: PIPELINE, string: PIPELINE, booleanParam: PIPELINE, pipeline: 'pipeline-model-definition',
    ]

    static void checkNames(String what, Map<String, ?> given, List<String> known) {
        def unknown = given.keySet() - known
        if (unknown) {
            throw new IllegalArgumentException("$what takes $known, not $unknown")
        }
    }
}
