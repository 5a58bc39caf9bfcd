import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.IllegalStateTransitionException;
import io.github.resilience4j.circuitbreaker.internal.CircuitBreakerStateMachine;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;

/**
 * The real circuit breaker, driven over standard input: one trace a line, one line of observations back.
 * A trace: "window minimum failure slow slowMillis waitMillis permitted|step step …"; a step is A (acquire), S or E
 * with milliseconds (success, error), I (ignored error), T with milliseconds (time passes), M with a state.
 */
public final class BreakerOracle {
    private static final class FakeClock extends Clock {
        private long millis = 1_000_000;

        @Override
        public Instant instant() {
            return Instant.ofEpochMilli(millis);
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    private static final class Ignored extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private BreakerOracle() {}

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        BufferedWriter out = new BufferedWriter(new OutputStreamWriter(System.out));
        String line;
        while ((line = in.readLine()) != null) {
            out.write(observe(line));
            out.newLine();
            out.flush();
        }
    }

    private static String observe(String line) {
        String[] parts = line.split("\\|");
        String[] given = parts[0].split(" ");
        CircuitBreakerConfig config = CircuitBreakerConfig.custom()
            .slidingWindowType(CircuitBreakerConfig.SlidingWindowType.COUNT_BASED)
            .slidingWindowSize(Integer.parseInt(given[0]))
            .minimumNumberOfCalls(Integer.parseInt(given[1]))
            .failureRateThreshold(Float.parseFloat(given[2]))
            .slowCallRateThreshold(Float.parseFloat(given[3]))
            .slowCallDurationThreshold(Duration.ofMillis(Long.parseLong(given[4])))
            .waitDurationInOpenState(Duration.ofMillis(Long.parseLong(given[5])))
            .permittedNumberOfCallsInHalfOpenState(Integer.parseInt(given[6]))
            .ignoreExceptions(Ignored.class)
            .writableStackTraceEnabled(false)
            .build();
        FakeClock clock = new FakeClock();
        CircuitBreaker breaker = new CircuitBreakerStateMachine("oracle", config, clock);
        StringBuilder seen = new StringBuilder();
        for (String step : parts[1].split(" ")) {
            String answer = take(breaker, clock, step.charAt(0), step.substring(1));
            CircuitBreaker.Metrics m = breaker.getMetrics();
            seen.append(answer).append(',').append(breaker.getState())
                .append(',').append(m.getNumberOfSuccessfulCalls()).append(',').append(m.getNumberOfFailedCalls())
                .append(',').append(m.getNumberOfSlowSuccessfulCalls()).append(',').append(m.getNumberOfSlowFailedCalls())
                .append(',').append(m.getNumberOfNotPermittedCalls())
                .append(',').append(Float.floatToIntBits(m.getFailureRate()))
                .append(',').append(Float.floatToIntBits(m.getSlowCallRate())).append(' ');
        }
        return seen.toString().trim();
    }

    private static String take(CircuitBreaker breaker, FakeClock clock, char kind, String value) {
        try {
            switch (kind) {
                case 'A':
                    return breaker.tryAcquirePermission() ? "1" : "0";
                case 'S':
                    breaker.onSuccess(Long.parseLong(value), TimeUnit.MILLISECONDS);
                    return "-";
                case 'E':
                    breaker.onError(Long.parseLong(value), TimeUnit.MILLISECONDS, new RuntimeException());
                    return "-";
                case 'I':
                    breaker.onError(0, TimeUnit.MILLISECONDS, new Ignored());
                    return "-";
                case 'T':
                    clock.millis += Long.parseLong(value);
                    return "-";
                default:
                    move(breaker, value);
                    return "1";
            }
        } catch (IllegalStateTransitionException refused) {
            return "0";
        } catch (RuntimeException defect) {
            return "!";
        }
    }

    private static void move(CircuitBreaker breaker, String to) {
        switch (CircuitBreaker.State.valueOf(to)) {
            case CLOSED -> breaker.transitionToClosedState();
            case OPEN -> breaker.transitionToOpenState();
            case HALF_OPEN -> breaker.transitionToHalfOpenState();
            case DISABLED -> breaker.transitionToDisabledState();
            case FORCED_OPEN -> breaker.transitionToForcedOpenState();
            default -> throw new IllegalArgumentException(to);
        }
    }
}
