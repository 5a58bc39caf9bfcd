import com.lesfurets.jenkins.unit.PipelineTestHelper

/**
 * Teaches JenkinsPipelineUnit declarative pipelines: sections in their places, stages that stop after a failure, post
 * conditions by the result. What a step does is the test's business (`steps`).
 */
class Declarative {
    final Map<String, Object> params = [:]
    final Map<String, String> environment = [:]
    final Map<String, Object> currentBuild = [currentResult: 'SUCCESS']
    final List<String> skipped = []
    final List<String> brokenConditions = []
    final Set<String> said = []
    /** Limits of the stages that run now and of the pipeline, in seconds. */
    final List<Integer> limits = []
    String stage = ''

    private final PipelineTestHelper helper
    private final Map<String, Object> chosen
    private final List<String> inside = ['']
    private Map<String, Closure> parts

    Declarative(PipelineTestHelper helper, Map<String, Object> chosen) {
        this.helper = helper
        this.chosen = chosen
    }

    /** `steps`: name → closure of one argument: text or map. */
    void teach(Map<String, Closure> steps) {
        (Grammar.SECTIONS.keySet() - ['pipeline', 'stage', 'agent']).each { name ->
            helper.registerAllowedMethod(name, [Closure]) { Closure body -> section(name, body) }
        }
        helper.registerAllowedMethod('agent', [Object]) { which -> section('agent', { -> which }) }
        helper.registerAllowedMethod('pipeline', [Closure]) { Closure body -> runPipeline(body) }
        helper.registerAllowedMethod('stage', [String, Closure]) { String name, Closure body -> runStage(name, body) }
        teachSettings()
        steps.each { name, act ->
            [String, Map].each { type -> helper.registerAllowedMethod(name, [type]) { step(name, it, act) } }
        }
        helper.registerAllowedMethod('error', [String]) { String why ->
            step('error', why) { throw new StepFailed(why) }
        }
        helper.registerAllowedMethod('retry', [Integer, Closure]) { int times, Closure body -> retry(times, body) }
        helper.registerAllowedMethod('withCredentials', [List, Closure]) { List bindings, Closure body ->
            step('withCredentials', bindings, steps.withCredentials)
            body.call()
        }
        ['file', 'sshUserPrivateKey'].each { name -> helper.registerAllowedMethod(name, [Map]) { it } }
    }

    private void teachSettings() {
        Grammar.PARAMETERS.each { name, known ->
            helper.registerAllowedMethod(name, [Map]) { Map given -> parameter(name, given, known) }
        }
        Grammar.OPTIONS.each { name, known ->
            helper.registerAllowedMethod(name, []) { -> option(name, [:], known) }
            helper.registerAllowedMethod(name, [Map]) { Map given -> option(name, given, known) }
        }
        helper.registerAllowedMethod('logRotator', [Map]) { Map given ->
            Grammar.checkNames('logRotator', given, ['numToKeepStr', 'artifactNumToKeepStr'])
            [:]
        }
    }

    private Object parameter(String name, Map given, List<String> known) {
        if (given.containsKey('credentialsId')) { // withCredentials has a `string` of its own
            return given
        }
        say(name, 'parameters')
        Grammar.checkNames(name, given, known)
        params[given.name] = chosen.containsKey(given.name) ? chosen[given.name] :
            name == 'choice' ? given.choices[0] : given.defaultValue
    }

    private void option(String name, Map given, List<String> known) {
        say(name, 'options')
        Grammar.checkNames(name, given, known)
        if (name == 'timeout') {
            limits << given.time * [SECONDS: 1, MINUTES: 60, HOURS: 3600][given.unit]
        }
    }

    private void say(String name, String... places) {
        if (!(inside.last() in places)) {
            def place = inside.last() ?: 'the file'
            throw new IllegalStateException("$name stands in $place, not in ${places.join(', ')}")
        }
        said << name
    }

    private void section(String name, Closure body) {
        say(name, *Grammar.SECTIONS[name])
        if (inside.last() in Grammar.TAKE_STEPS) { // script
            within(name, body)
            return
        }
        if (parts.containsKey(name)) {
            throw new IllegalStateException("$name stands twice in ${inside.last()}")
        }
        parts[name] = body
    }

    /** What stands in a section, by name; none of it has run. */
    private Map<String, Closure> collect(String name, Closure body) {
        def around = parts
        parts = [:]
        within(name, body)
        def found = parts
        parts = around
        found
    }

    private Object within(String name, Closure body) {
        inside << name
        try {
            body.call()
        } finally {
            inside.removeAt(inside.size() - 1)
        }
    }

    private void runPipeline(Closure body) {
        say('pipeline', '')
        def found = collect('pipeline', body)
        def missing = Grammar.REQUIRED - found.keySet()
        if (missing) {
            throw new IllegalStateException("pipeline lacks $missing")
        }
        within('parameters', found.parameters ?: { -> })
        Grammar.checkNames('parameters', chosen, params.keySet() as List)
        within('options', found.options ?: { -> })
        environment.putAll(assigned(found.environment))
        checkPost(found.post)
        try {
            within('stages', found.stages)
        } catch (StepFailed | Aborted error) {
            note(error)
        }
        runPost(found.post)
    }

    private void runStage(String name, Closure body) {
        say('stage', 'stages')
        def found = collect('stage', body)
        if (!found.steps) {
            throw new IllegalStateException("stage $name has no steps")
        }
        checkPost(found.post)
        if (found.when && !within('when', conditionOf(found.when))) {
            skipped << name
            return
        }
        stage = name
        int outer = limits.size()
        try {
            within('options', found.options ?: { -> })
            within('steps', found.steps)
        } catch (StepFailed | Aborted error) {
            note(error)
            throw error
        } finally {
            runPost(found.post)
            limits.subList(outer, limits.size()).clear()
            stage = ''
        }
    }

    private Closure conditionOf(Closure when) {
        def found = collect('when', when)
        if (found.keySet() != ['expression'] as Set) {
            throw new IllegalStateException("when has ${found.keySet()}, not one expression")
        }
        found.expression
    }

    private static Map<String, String> assigned(Closure body) {
        def target = new Assignments()
        if (body) {
            body.delegate = target
            body.resolveStrategy = Closure.DELEGATE_FIRST
            body.call()
        }
        target.all()
    }

    /** Conditions are known before anything runs, as Jenkins does it. */
    private void checkPost(Closure post) {
        if (post && !collect('post', post)) {
            throw new IllegalStateException('post has no condition')
        }
    }

    private void runPost(Closure post) {
        def found = post ? collect('post', post) : [:]
        Grammar.CONDITIONS.findAll { found[it] && holds(it) }.each { condition ->
            try { // Jenkins runs the others all the same
                within(condition, found[condition])
            } catch (StepFailed | Aborted error) {
                brokenConditions << "$condition: $error.message".toString()
                note(error)
            }
        }
    }

    private boolean holds(String condition) {
        def result = currentBuild.currentResult
        switch (condition) {
            case ['always', 'cleanup']: return true
            case 'unsuccessful': return result != 'SUCCESS'
            case ['changed', 'fixed', 'regression']: throw new IllegalStateException("$condition needs earlier builds")
            default: return result == condition.toUpperCase()
        }
    }

    private void note(RuntimeException error) {
        if (currentBuild.currentResult != 'ABORTED') {
            currentBuild.currentResult = error instanceof Aborted ? 'ABORTED' : 'FAILURE'
        }
    }

    private Object step(String name, Object argument, Closure act) {
        say(name, *Grammar.TAKE_STEPS)
        if (argument instanceof Map && Grammar.STEPS[name]) {
            Grammar.checkNames(name, argument, Grammar.STEPS[name])
        }
        act.call(argument)
    }

    private void retry(int times, Closure body) {
        say('retry', *Grammar.TAKE_STEPS)
        for (int attempt = 1; ; attempt++) {
            try {
                body.call()
                return
            } catch (StepFailed error) {
                if (attempt == times) {
                    throw error
                }
            }
        }
    }
}
