# Enterpriseのトライアル。

flow-trial-title = Enterpriseトライアル
flow-trial-heading = Enterpriseトライアルを開始
flow-trial-summary = Enterpriseの全機能を、チーム全員で、期間限定で無料でお試しいただけます。
flow-trial-for = 導入を決める前に試したい企業
flow-trial-why = チームで何が作れるかを確かめる
flow-trial-point-1 = 最初からEnterpriseの全機能を利用可能
flow-trial-point-2 = チームで共有できる専用の組織
flow-trial-point-3 = お支払い情報は不要
flow-trial-next = すぐに新しい組織へ移動します。トライアルは自動で終了し、解約の手続きはいりません。
flow-trial-choose = トライアルを始める
flow-trial-submit = トライアルを開始
flow-trial-sending = トライアルを開始しています…

field-companySize-label = 従業員数
field-country-label = 国・地域
field-stateOrProvince-label = 都道府県または州
field-organizationName-label = 組織名
field-organizationName-hint = 空欄の場合は、ご自身の名前が使われます。
field-useCase-label = 作りたいもの
field-userHasMLModelsInProduction-label = 機械学習モデルを本番環境で運用していますか？
choice-models-yes = はい
choice-models-no = いいえ
choice-models-soon = いいえ、近いうちに運用予定です

# `useCase` の回答としてブラウザが示す候補。欄に入ったテキストがそのまま送られる。
suggestion-industrial = 産業・製造
suggestion-predictive-maintenance = 予知保全
suggestion-asset-tracking = 資産の追跡
suggestion-consumer-electronics = 家電
suggestion-health-and-wearables = ヘルスケア・ウェアラブル
suggestion-smart-buildings = スマートビルディング
suggestion-agriculture = 農業
suggestion-automotive = 自動車
suggestion-research-and-teaching = 研究・教育
