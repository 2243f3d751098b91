#!/bin/sh
# A game in one table, with the AWS CLI: game.sh [URL] [FILE]. AWS_CLI names another aws.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
url=${1:-http://127.0.0.1:8000}
source=${2:-$here/game.jsonl}
table=game-sh-$$-$(date +%s)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_DEFAULT_REGION=us-east-1 AWS_PAGER=
db() { "${AWS_CLI:-aws}" dynamodb --endpoint-url "$url" "$@"; }

db create-table --table-name "$table" --billing-mode PAY_PER_REQUEST --output text \
    --key-schema AttributeName=PK,KeyType=HASH AttributeName=SK,KeyType=RANGE \
    --attribute-definitions AttributeName=PK,AttributeType=S AttributeName=SK,AttributeType=S \
        AttributeName=map,AttributeType=S AttributeName=open_since,AttributeType=S \
    --global-secondary-indexes '[
        {"IndexName": "open", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [
            {"AttributeName": "map", "KeyType": "HASH"}, {"AttributeName": "open_since", "KeyType": "RANGE"}]},
        {"IndexName": "inverted", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [
            {"AttributeName": "SK", "KeyType": "HASH"}, {"AttributeName": "PK", "KeyType": "RANGE"}]}]' >/dev/null
db wait table-exists --table-name "$table"

# Each line becomes {"PutRequest": {"Item": …}} with typed values; 25 of them make a batch.
python3 - "$source" "$table" "$work" <<'PYTHON'
import json, sys
source, table, work = sys.argv[1:]
def typed(value):
    return {"N": str(value)} if isinstance(value, int) else {"S": value}
with open(source, encoding="utf-8") as lines:
    puts = [{"PutRequest": {"Item": {k: typed(v) for k, v in json.loads(line).items()}}} for line in lines]
for at in range(0, len(puts), 25):
    with open(f"{work}/{at:05}.json", "w", encoding="utf-8") as batch:
        json.dump({table: puts[at:at + 25]}, batch)
PYTHON
for batch in "$work"/*.json; do
    db batch-write-item --request-items "file://$batch" --output text >/dev/null
done

echo "level of ada1: $(db get-item --table-name "$table" --key '{"PK": {"S": "USER#ada1"}, "SK": {"S": "#PROFILE"}}' \
    --query Item.level.N --output text)"
echo "players of m003:" $(db query --table-name "$table" --key-condition-expression 'PK = :match AND begins_with(SK, :user)' \
    --expression-attribute-values '{":match": {"S": "MATCH#m003"}, ":user": {"S": "USER#"}}' --query 'Items[].user.S' --output text)
echo "matches of ada1:" $(db query --table-name "$table" --index-name inverted --key-condition-expression 'SK = :user' \
    --expression-attribute-values '{":user": {"S": "USER#ada1"}}' --query 'Items[].match.S' --output text)
echo "open matches in Deep Forest:" $(db query --table-name "$table" --index-name open --key-condition-expression '#map = :map' \
    --expression-attribute-names '{"#map": "map"}' --expression-attribute-values '{":map": {"S": "Deep Forest"}}' \
    --query 'Items[].match.S' --output text)
echo "m003 started: $(db update-item --table-name "$table" --key '{"PK": {"S": "MATCH#m003"}, "SK": {"S": "#MATCH"}}' \
    --update-expression 'REMOVE open_since SET started = :now' --condition-expression 'attribute_exists(open_since)' \
    --expression-attribute-values '{":now": {"S": "2024-05-09T12:00"}}' --return-values ALL_NEW --query Attributes.started.S --output text)"
echo "open matches left: $(db scan --table-name "$table" --index-name open --select COUNT --query Count --output text)"
db delete-table --table-name "$table" --output text >/dev/null
