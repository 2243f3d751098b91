-- Requests from a file (work.py writes it), in turn, for wrk: wrk … -s request.lua URL -- FILE

local requests, at = {}, 0

function init(args)
    local file = assert(io.open(args[1], "rb"))
    while true do
        local length = file:read("*n")
        if not length then break end
        file:read(1) -- the newline
        requests[#requests + 1] = file:read(length)
    end
    file:close()
end

function request()
    at = at % #requests + 1
    return requests[at]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format('\n{"requests":%d,"seconds":%.6f,"p50_us":%d,"p99_us":%d,"p999_us":%d,"refused":%d,"broken":%d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
        errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
