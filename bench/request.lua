-- One request of a kind, again and again, for wrk: wrk … -s request.lua URL -- OPERATION SEED
-- The table is what bench.py loads: partitions p0 … p999, each with sort keys 0 … 9, 1 KiB an item.

local PARTITIONS, SORTS = 1000, 10
local filler = string.rep("stator--", 113)
local next_request

local function key()
    return string.format('"pk":{"S":"p%d"},"sk":{"N":"%d"}', math.random(0, PARTITIONS - 1), math.random(0, SORTS - 1))
end

local function item()
    return string.format('{%s,"count":{"N":"%d"},"data":{"S":"%s"}}', key(), math.random(1, 1000000), filler)
end

-- Distinct keys: the sort key is fixed, the partitions lie side by side.
local function distinct(count, form)
    local from, sort, all = math.random(0, PARTITIONS - count), math.random(0, SORTS - 1), {}
    for at = 1, count do
        all[at] = string.format(form, string.format('"pk":{"S":"p%d"},"sk":{"N":"%d"}', from + at - 1, sort))
    end
    return table.concat(all, ",")
end

local bodies = {
    GetItem = function()
        return '{"TableName":"bench","Key":{' .. key() .. '}}'
    end,
    PutItem = function()
        return '{"TableName":"bench","Item":' .. item() .. '}'
    end,
    UpdateItem = function()
        return '{"TableName":"bench","Key":{' .. key() .. '},"UpdateExpression":"SET #c = #c + :one",' ..
            '"ConditionExpression":"attribute_exists(pk) AND #c < :most","ExpressionAttributeNames":{"#c":"count"},' ..
            '"ExpressionAttributeValues":{":one":{"N":"1"},":most":{"N":"1000000000"}}}'
    end,
    Query = function()
        return '{"TableName":"bench","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p' ..
            math.random(0, PARTITIONS - 1) .. '"}}}'
    end,
    BatchGetItem = function()
        return '{"RequestItems":{"bench":{"Keys":[' .. distinct(25, "{%s}") .. ']}}}'
    end,
    TransactWriteItems = function()
        -- Another count each time: the same item again would be no write.
        return '{"TransactItems":[' .. distinct(2, '{"Put":{"TableName":"bench","Item":{%s,"count":{"N":"' ..
            math.random(1, 1000000) .. '"},"data":{"S":"' .. filler .. '"}}}}') .. ']}'
    end,
}

function init(args)
    math.randomseed(tonumber(args[2]))
    local operation = args[1]
    local body = bodies[operation]
    -- Nobody checks this signature, but peers want one to be there.
    local headers = {
        ["Content-Type"] = "application/x-amz-json-1.0",
        ["X-Amz-Target"] = "DynamoDB_20120810." .. operation,
        ["X-Amz-Date"] = "20250101T000000Z",
        ["Authorization"] = "AWS4-HMAC-SHA256 Credential=bench/20250101/us-east-1/dynamodb/aws4_request, " ..
            "SignedHeaders=host;x-amz-date;x-amz-target, Signature=" .. string.rep("0", 64),
    }
    next_request = function()
        return wrk.format("POST", "/", headers, body())
    end
end

function request()
    return next_request()
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format('\n{"requests":%d,"seconds":%.6f,"p50_us":%d,"p99_us":%d,"refused":%d,"broken":%d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
        errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
