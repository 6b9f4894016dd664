"""Everything between `send` and the platform: queue, lanes, dispatcher, attempt, retry, circuit breaker, limiter."""
